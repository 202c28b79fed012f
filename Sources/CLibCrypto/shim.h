// OpenSSL libcrypto (Apache-2.0): SHA-256 and 512 for digests and SHA-1 for WebSocket's greeting, in the form that needs few objects of the
// archive. The EVP form of OpenSSL 3 loads providers, and with them 3.4 MB that stay resident for one function.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
