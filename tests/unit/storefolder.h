/*
 * storefolder: an object store in the present work folder, and contents to put into it. Only for
 * tests of store and above.
 */
#ifndef MLOPS_UNIT_STOREFOLDER_H
#define MLOPS_UNIT_STOREFOLDER_H

#include "mlops/store/object.h"
#include "workfolder.h"

#define STOREFOLDER_PACKS ".mlops/objects/packs"

static inline struct object_store *storefolder_open(void)
{
	struct error err = ERROR_INIT;
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	struct object_store *store;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_msg(workspace_create(".", &workspace, NULL, &err) == 0, "%s", err.message);
	ck_assert_msg(object_store_open(&workspace, &store, &err) == 0, "%s", err.message);
	return store;
}

/* Text that compresses, or noise that does not; another one for each seed. */
static inline void storefolder_fill(struct strbuf *bytes, size_t count, uint64_t seed, bool noise)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + count;
	strbuf_clear(bytes);
	ck_assert(strbuf_reserve(bytes, count));
	for (size_t i = 0; i < count; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes->text[i] = noise ? (char)(state >> 56) : "abcd"[state >> 62];
	}
	bytes->length = count;
	bytes->text[count] = '\0';
}

static inline struct hash storefolder_put(struct object_store *store, const struct strbuf *bytes)
{
	struct error err = ERROR_INIT;
	struct hash hash;
	ck_assert_msg(object_put_bytes(store, bytes->text, bytes->length, &hash, &err) == 0, "%s",
		err.message);
	return hash;
}

/* The path of the one pack. */
static inline void storefolder_pack(char ret_path[128])
{
	struct error err = ERROR_INIT;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	ck_assert_int_eq(directory_list(STOREFOLDER_PACKS, &names, &err), 0);
	ck_assert_uint_eq(names.count, 1);
	snprintf(ret_path, 128, STOREFOLDER_PACKS "/%s", names.names[0]);
}

#endif
