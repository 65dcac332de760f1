#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "mlops/system/hash.h"

static int sha256_failed(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "libcrypto cannot compute SHA-256");
}

int sha256_init(struct sha256 *state, struct error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	state->context = context;
	if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1)
		return 0;
	sha256_release(state);
	return sha256_failed(err);
}

int sha256_update(struct sha256 *state, const void *bytes, size_t count, struct error *err)
{
	return EVP_DigestUpdate(state->context, bytes, count) == 1 ? 0 : sha256_failed(err);
}

int sha256_finish(struct sha256 *state, struct hash *ret, struct error *err)
{
	unsigned length = 0;
	if (EVP_DigestFinal_ex(state->context, ret->bytes, &length) != 1 || length != HASH_SIZE)
		return sha256_failed(err);
	return 0;
}

void sha256_release(struct sha256 *state)
{
	EVP_MD_CTX_free(state->context);
	state->context = NULL;
}

int hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t count,
	struct hash *ret, struct error *err)
{
	unsigned length = 0;
	if (key_length > INT_MAX ||
		!HMAC(EVP_sha256(), key, (int)key_length, bytes, count, ret->bytes, &length) ||
		length != HASH_SIZE)
		return error_set(err, ERROR_MEMORY, "libcrypto cannot compute HMAC-SHA-256");
	return 0;
}
