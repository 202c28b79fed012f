// OpenSSL libcrypto (Apache-2.0): EVP_Digest* only, for SHA-256.
#include <openssl/evp.h>
