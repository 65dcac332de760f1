#include "credentials_internal.h"

#include <string.h>

#include "ini_internal.h"
#include "mlops/system/environment.h"
#include "mlops/system/file.h"

enum { CREDENTIALS_CAP = 1 << 20 };

const char credentials_hint[] =
	"credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the profile "
	"AWS_PROFILE of ~/.aws/credentials; temporary ones also need AWS_SESSION_TOKEN";

static void credentials_forget(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	memory_free(*text);
	*text = NULL;
}

void credentials_release(struct credentials *credentials)
{
	credentials_forget(&credentials->key);
	credentials_forget(&credentials->secret);
	credentials_forget(&credentials->token);
	credentials_forget(&credentials->region);
	credentials_forget(&credentials->endpoint);
}

struct credentials_file {
	const char *profile;
	bool is_config;
	struct credentials found;
};

static bool credentials_section(const struct credentials_file *file, struct text section)
{
	if (text_is(section, file->profile))
		return !file->is_config || strcmp(file->profile, "default") == 0;
	if (!file->is_config || !text_starts_with(section, "profile"))
		return false;
	struct text name = text_trim((struct text){ section.at + 7, section.length - 7 });
	return name.length + 7 < section.length && text_is(name, file->profile);
}

/* A value that a header field cannot hold would make another request of it. */
static bool credentials_plain(struct text value)
{
	for (size_t i = 0; i < value.length; i++) {
		if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
			return false;
	}
	return value.length > 0;
}

static int credentials_visit(
	void *context, struct text section, struct text key, struct text value, struct error *err)
{
	struct credentials_file *file = context;
	struct credentials *found = &file->found;
	char **to = text_is(key, "aws_access_key_id")       ? &found->key
		    : text_is(key, "aws_secret_access_key") ? &found->secret
		    : text_is(key, "aws_session_token")     ? &found->token
		    : text_is(key, "region")                ? &found->region
		    : text_is(key, "endpoint_url")          ? &found->endpoint
							    : NULL;
	if (!to || !credentials_section(file, section) || !credentials_plain(value))
		return 0;
	credentials_forget(to);
	*to = memory_format(err, "%.*s", (int)value.length, value.at);
	return *to ? 0 : -(int)err->code;
}

static void credentials_take(char **to, char **from)
{
	if (!*to)
		*to = TAKE(*from);
}

int credentials_read(struct text bytes, const char *profile, bool is_config,
	struct credentials *credentials, struct error *err)
{
	struct credentials_file file = { .profile = profile, .is_config = is_config };
	int result = ini_read(bytes, credentials_visit, &file, err);
	if (result == 0) {
		/* The three belong together. */
		if (!credentials->key && file.found.key && file.found.secret) {
			credentials_take(&credentials->key, &file.found.key);
			credentials_take(&credentials->secret, &file.found.secret);
			credentials_take(&credentials->token, &file.found.token);
		}
		credentials_take(&credentials->region, &file.found.region);
		credentials_take(&credentials->endpoint, &file.found.endpoint);
	}
	credentials_release(&file.found);
	return result;
}

static int credentials_file(const char *variable, const char *usual, bool is_config,
	struct credentials *credentials, struct error *err)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	const char *named = environment_get(variable), *home = environment_get("HOME");
	const char *profile = environment_get("AWS_PROFILE");
	AUTO_FREE char *path = named  ? memory_copy_string(named, err)
			       : home ? memory_format(err, "%s/.aws/%s", home, usual)
				      : NULL;
	if (!path)
		return -(int)err->code;
	int result = 0;
	if (file_read(path, CREDENTIALS_CAP, &bytes, err) == 0)
		result = credentials_read((struct text){ bytes.text, bytes.length },
			profile ? profile : "default", is_config, credentials, err);
	else if (err->code == ERROR_NOT_FOUND)
		error_clear(err);
	else
		result = -(int)err->code;
	if (bytes.capacity)
		explicit_bzero(bytes.text, bytes.capacity);
	return result;
}

static int credentials_variable(const char *const *names, char **ret, struct error *err)
{
	for (; *names; names++) {
		const char *value = environment_get(*names);
		if (value && credentials_plain(text_of(value))) {
			*ret = memory_copy_string(value, err);
			return *ret ? 0 : -(int)err->code;
		}
	}
	return 0;
}

int credentials_load(struct credentials *ret, struct error *err)
{
	static const char *const key[] = { "AWS_ACCESS_KEY_ID", NULL },
				 *const secret[] = { "AWS_SECRET_ACCESS_KEY", NULL },
				 *const token[] = { "AWS_SESSION_TOKEN", NULL },
				 *const region[] = { "AWS_REGION", "AWS_DEFAULT_REGION", NULL },
				 *const endpoint[] = { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL",
					 NULL };
	struct credentials found = { .key = NULL };
	int result = credentials_variable(key, &found.key, err);
	if (result == 0)
		result = credentials_variable(secret, &found.secret, err);
	if (result == 0)
		result = credentials_variable(token, &found.token, err);
	if (result == 0)
		result = credentials_variable(region, &found.region, err);
	if (result == 0)
		result = credentials_variable(endpoint, &found.endpoint, err);
	if (!found.key || !found.secret) {
		credentials_forget(&found.key);
		credentials_forget(&found.secret);
		credentials_forget(&found.token);
	}
	if (result == 0)
		result = credentials_file(
			"AWS_SHARED_CREDENTIALS_FILE", "credentials", false, &found, err);
	if (result == 0)
		result = credentials_file("AWS_CONFIG_FILE", "config", true, &found, err);
	if (result < 0)
		credentials_release(&found);
	*ret = found;
	return result;
}
