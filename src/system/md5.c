#include <openssl/evp.h>
#include <string.h>

#include "mlops/system/hash.h"

static int md5_failed(struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED, "libcrypto does not compute MD5");
	return error_hint(err, "a system in FIPS mode forbids it");
}

int md5_init(struct md5 *state, struct error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	state->context = context;
	if (context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1)
		return 0;
	md5_release(state);
	return md5_failed(err);
}

int md5_update(struct md5 *state, const void *bytes, size_t count, struct error *err)
{
	return EVP_DigestUpdate(state->context, bytes, count) == 1 ? 0 : md5_failed(err);
}

int md5_finish(struct md5 *state, struct md5_digest *ret, struct error *err)
{
	unsigned length = 0;
	if (EVP_DigestFinal_ex(state->context, ret->bytes, &length) != 1 || length != MD5_SIZE)
		return md5_failed(err);
	return 0;
}

void md5_release(struct md5 *state)
{
	EVP_MD_CTX_free(state->context);
	state->context = NULL;
}

void md5_format(const struct md5_digest *digest, char ret_text[MD5_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < MD5_SIZE; i++) {
		ret_text[2 * i] = digits[digest->bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	ret_text[MD5_TEXT_SIZE - 1] = '\0';
}

bool md5_parse(struct text text, struct md5_digest *ret)
{
	static const char digits[] = "0123456789abcdef";
	struct md5_digest digest = { { 0 } };
	if (text.length != MD5_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		const char *digit = text.at[i] ? strchr(digits, text.at[i]) : NULL;
		if (!digit)
			return false;
		digest.bytes[i / 2] = (unsigned char)(digest.bytes[i / 2] << 4 | (digit - digits));
	}
	*ret = digest;
	return true;
}

bool md5_equal(const struct md5_digest *a, const struct md5_digest *b)
{
	return memcmp(a->bytes, b->bytes, MD5_SIZE) == 0;
}
