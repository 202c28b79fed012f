// zlib (Zlib license), from the archive: inflate for streams, deflate for rotated logs.
#include <zlib.h>
