// zlib (Zlib license): inflate only, from the archive.
#include <zlib.h>
