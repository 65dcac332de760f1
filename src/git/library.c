#include "library_internal.h"

#include <pthread.h>
#include <string.h>

#include "mlops/base/library.h"
#include "mlops/base/strbuf.h"
#include "mlops/git/repository.h"

#define GIT_SYMBOL(name) LIBRARY_SYMBOL(struct git_calls, name, #name)

static const struct library_symbol git_symbols[] = { GIT_SYMBOL(git_libgit2_init),
	GIT_SYMBOL(git_libgit2_version), GIT_SYMBOL(git_error_last),
	GIT_SYMBOL(git_repository_open_ext), GIT_SYMBOL(git_repository_free),
	GIT_SYMBOL(git_repository_workdir), GIT_SYMBOL(git_repository_is_bare),
	GIT_SYMBOL(git_repository_is_shallow), GIT_SYMBOL(git_repository_is_worktree),
	GIT_SYMBOL(git_repository_head_detached), GIT_SYMBOL(git_reference_lookup),
	GIT_SYMBOL(git_reference_name_to_id), GIT_SYMBOL(git_reference_symbolic_target),
	GIT_SYMBOL(git_reference_free), GIT_SYMBOL(git_commit_lookup), GIT_SYMBOL(git_commit_tree),
	GIT_SYMBOL(git_commit_free), GIT_SYMBOL(git_tree_free),
	GIT_SYMBOL(git_diff_tree_to_workdir_with_index), GIT_SYMBOL(git_diff_num_deltas),
	GIT_SYMBOL(git_diff_get_delta), GIT_SYMBOL(git_diff_print), GIT_SYMBOL(git_diff_free),
	GIT_SYMBOL(git_ignore_path_is_ignored), GIT_SYMBOL(git_revparse_single),
	GIT_SYMBOL(git_object_peel), GIT_SYMBOL(git_object_id), GIT_SYMBOL(git_object_free),
	GIT_SYMBOL(git_oid_tostr), GIT_SYMBOL(git_repository_config_snapshot),
	GIT_SYMBOL(git_repository_item_path), GIT_SYMBOL(git_config_get_path),
	GIT_SYMBOL(git_config_get_string), GIT_SYMBOL(git_config_free),
	GIT_SYMBOL(git_describe_commit), GIT_SYMBOL(git_describe_format),
	GIT_SYMBOL(git_describe_result_free), GIT_SYMBOL(git_buf_dispose),
	GIT_SYMBOL(git_repository_odb), GIT_SYMBOL(git_repository_index),
	GIT_SYMBOL(git_repository_commondir), GIT_SYMBOL(git_odb_free), GIT_SYMBOL(git_odb_read),
	GIT_SYMBOL(git_odb_read_header), GIT_SYMBOL(git_odb_object_data),
	GIT_SYMBOL(git_odb_object_size), GIT_SYMBOL(git_odb_object_free),
	GIT_SYMBOL(git_tree_lookup), GIT_SYMBOL(git_tree_entrycount),
	GIT_SYMBOL(git_tree_entry_byindex), GIT_SYMBOL(git_tree_entry_bypath),
	GIT_SYMBOL(git_tree_entry_filemode), GIT_SYMBOL(git_tree_entry_name),
	GIT_SYMBOL(git_tree_entry_id), GIT_SYMBOL(git_tree_entry_free), GIT_SYMBOL(git_index_open),
	GIT_SYMBOL(git_index_read), GIT_SYMBOL(git_index_free), GIT_SYMBOL(git_index_entrycount),
	GIT_SYMBOL(git_index_get_byindex), GIT_SYMBOL(git_index_get_bypath),
	GIT_SYMBOL(git_index_find), GIT_SYMBOL(git_index_find_prefix),
	GIT_SYMBOL(git_commit_tree_id), GIT_SYMBOL(git_commit_parentcount),
	GIT_SYMBOL(git_commit_parent_id), GIT_SYMBOL(git_tag_lookup), GIT_SYMBOL(git_tag_target_id),
	GIT_SYMBOL(git_tag_target_type), GIT_SYMBOL(git_tag_free), GIT_SYMBOL(git_oid_fromstr),
	GIT_SYMBOL(git_oid_fromstrn), GIT_SYMBOL(git_clone), GIT_SYMBOL(git_clone_options_init),
	GIT_SYMBOL(git_credential_username_new), GIT_SYMBOL(git_credential_ssh_key_from_agent),
	LIBRARY_END };

#define GIT_STRING(number) GIT_STRING_OF(number)
#define GIT_STRING_OF(number) #number

/* Structures differ between versions of libgit2: only the one compiled against will do. */
static const struct library git_library = {
	.names = { "libgit2.so." GIT_STRING(LIBGIT2_VER_MAJOR) "." GIT_STRING(LIBGIT2_VER_MINOR) },
	.purpose = "git repositories",
	.package = "libgit2-" GIT_STRING(LIBGIT2_VER_MAJOR) "." GIT_STRING(LIBGIT2_VER_MINOR),
	.symbols = git_symbols,
};

static pthread_once_t git_once = PTHREAD_ONCE_INIT;
static struct git_calls git_table;
static struct error git_load_error;

static void git_load_once(void)
{
	if (library_load(&git_library, &git_table, &git_load_error) == 0 &&
		git_table.git_libgit2_init() < 0)
		error_set(&git_load_error, ERROR_MISSING, "libgit2 does not start");
}

const struct git_calls *git_load(struct error *err)
{
	pthread_once(&git_once, git_load_once);
	if (git_load_error.code == ERROR_NONE)
		return &git_table;
	*err = git_load_error;
	return NULL;
}

int git_fail(const struct git_calls *git, int result, const char *what, struct error *err)
{
	const git_error *last = git->git_error_last();
	enum error_code code = result == GIT_ENOTFOUND ? ERROR_NOT_FOUND : ERROR_IO;
	return error_set(err, code, "%s: %s", what,
		last && last->message ? last->message : "git gives no reason");
}

bool repository_library_present(void)
{
	return library_present(&git_library);
}

int repository_library_version(struct strbuf *buffer, struct error *err)
{
	const struct git_calls *git = git_load(err);
	if (!git)
		return -err->code;
	int major, minor, patch;
	git->git_libgit2_version(&major, &minor, &patch);
	strbuf_printf(buffer, "%d.%d.%d", major, minor, patch);
	return strbuf_check(buffer, err);
}
