#include <string.h>

#include "mlops/system/file.h"
#include "mlops/versioning/dvc.h"

/*
 * DVC hashes pieces of this size, and looks at the beginning of each whether it is text: the hash
 * of a large file depends on both.
 */
enum { DVC_PIECE = 1 << 20, DVC_LOOK = 512 };

char *dvc_cache_find(
	const struct dvc_repository *repository, const struct dvc_name *name, struct error *err)
{
	/* What was migrated from DVC 2 may stand in either place. */
	static const char *const layouts[] = { "files/md5/", "" };
	char digits[MD5_TEXT_SIZE];
	md5_format(&name->md5, digits);
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		char *path = memory_format(err, "%s/%s%.2s/%s%s", repository->cache, layouts[i],
			digits, digits + 2, name->folder ? ".dir" : "");
		if (!path || file_exists(path))
			return path;
		memory_free(path);
	}
	return NULL;
}

/* No NUL, and at most 3 in 10 bytes that are neither printable ASCII nor white space. */
static bool dvc_digest_is_text(const unsigned char *bytes, size_t count)
{
	size_t other = 0;
	if (count > DVC_LOOK)
		count = DVC_LOOK;
	for (size_t i = 0; i < count; i++) {
		if (!bytes[i])
			return false;
		other += !((bytes[i] >= 32 && bytes[i] < 127) || strchr("\n\r\t\f\b", bytes[i]));
	}
	return (double)other / (double)count <= 0.30;
}

/* CR LF becomes LF, in place; inside the piece only, as DVC has it. */
static size_t dvc_digest_unix(unsigned char *bytes, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\r' || i + 1 == count || bytes[i + 1] != '\n')
			bytes[kept++] = bytes[i];
	}
	return kept;
}

int dvc_digest(int fd, const char *path, struct md5_digest *ret_md5,
	struct md5_digest *ret_dos2unix, struct error *err)
{
	AUTO(md5_release) struct md5 plain = { .context = NULL }, dos2unix = { .context = NULL };
	AUTO_FREE unsigned char *piece = memory_allocate_small_pages(DVC_PIECE, err);
	if (!piece || md5_init(&plain, err) < 0 || md5_init(&dos2unix, err) < 0)
		return -err->code;
	for (;;) {
		size_t count;
		if (file_read_some(fd, path, piece, DVC_PIECE, &count, err) < 0)
			return -err->code;
		if (!count)
			break;
		if (md5_update(&plain, piece, count, err) < 0)
			return -err->code;
		if (ret_dos2unix && dvc_digest_is_text(piece, count))
			count = dvc_digest_unix(piece, count);
		if (ret_dos2unix && md5_update(&dos2unix, piece, count, err) < 0)
			return -err->code;
	}
	if (ret_dos2unix && md5_finish(&dos2unix, ret_dos2unix, err) < 0)
		return -err->code;
	return md5_finish(&plain, ret_md5, err);
}

int dvc_verify(const char *path, const struct dvc_name *name, struct file_facts *ret_facts,
	struct error *err)
{
	struct md5_digest plain, dos2unix;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, ret_facts, err) < 0 ||
		dvc_digest(fd, path, &plain, name->dos2unix ? &dos2unix : NULL, err) < 0)
		return -err->code;
	/* A repository that was migrated has old names for what was hashed anew. */
	if (md5_equal(&plain, &name->md5) || (name->dos2unix && md5_equal(&dos2unix, &name->md5)))
		return 0;
	char digits[MD5_TEXT_SIZE];
	md5_format(&name->md5, digits);
	return error_set(err, ERROR_CORRUPT, "the MD5 of '%s' is not %s", path, digits);
}

int dvc_load_listing(const struct dvc_repository *repository, const struct dvc_name *name,
	struct dvc_listing *ret, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = dvc_cache_find(repository, name, err);
	struct md5_digest digest;
	char digits[MD5_TEXT_SIZE];
	md5_format(&name->md5, digits);
	*ret = (struct dvc_listing){ .arena = ARENA_INIT(DVC_LISTING_MOST) };
	if (!path && err->code)
		return -err->code;
	if (!path)
		return error_set(
			err, ERROR_NOT_FOUND, "the cache lacks the listing %s.dir", digits);
	AUTO(md5_release) struct md5 state = { .context = NULL };
	if (file_read(path, DVC_LISTING_MOST, &text, err) < 0 || md5_init(&state, err) < 0 ||
		md5_update(&state, text.text, text.length, err) < 0 ||
		md5_finish(&state, &digest, err) < 0)
		return -err->code;
	if (!md5_equal(&digest, &name->md5))
		return error_set(err, ERROR_CORRUPT, "the MD5 of '%s' is not %s", path, digits);
	AUTO_FREE char *shown = memory_format(err, "%s.dir", digits);
	if (!shown)
		return -err->code;
	return dvc_read_listing(shown, (struct text){ text.text, text.length }, ret, err);
}
