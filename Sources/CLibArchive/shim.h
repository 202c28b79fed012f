// libarchive (BSD-2-Clause): reading tar archives and their compression filters.
#include <archive.h>
#include <archive_entry.h>
