/*
 * library_internal: the calls of libgit2, loaded on first use.
 */
#ifndef MLOPS_GIT_LIBRARY_INTERNAL_H
#define MLOPS_GIT_LIBRARY_INTERNAL_H

#include <git2.h>

#include "mlops/base/error.h"

#define GIT_CALL(name) __typeof__(&name) name

struct git_calls {
	GIT_CALL(git_libgit2_init);
	GIT_CALL(git_libgit2_version);
	GIT_CALL(git_error_last);
	GIT_CALL(git_repository_open_ext);
	GIT_CALL(git_repository_free);
	GIT_CALL(git_repository_workdir);
	GIT_CALL(git_repository_is_bare);
	GIT_CALL(git_repository_is_shallow);
	GIT_CALL(git_repository_is_worktree);
	GIT_CALL(git_repository_head_detached);
	GIT_CALL(git_reference_lookup);
	GIT_CALL(git_reference_name_to_id);
	GIT_CALL(git_reference_symbolic_target);
	GIT_CALL(git_reference_free);
	GIT_CALL(git_commit_lookup);
	GIT_CALL(git_commit_tree);
	GIT_CALL(git_commit_free);
	GIT_CALL(git_tree_free);
	GIT_CALL(git_diff_tree_to_workdir_with_index);
	GIT_CALL(git_diff_num_deltas);
	GIT_CALL(git_diff_get_delta);
	GIT_CALL(git_diff_print);
	GIT_CALL(git_diff_free);
	GIT_CALL(git_ignore_path_is_ignored);
	GIT_CALL(git_revparse_single);
	GIT_CALL(git_object_peel);
	GIT_CALL(git_object_id);
	GIT_CALL(git_object_free);
	GIT_CALL(git_oid_tostr);
	GIT_CALL(git_repository_config_snapshot);
	GIT_CALL(git_repository_item_path);
	GIT_CALL(git_config_get_path);
	GIT_CALL(git_config_get_string);
	GIT_CALL(git_config_free);
	GIT_CALL(git_describe_commit);
	GIT_CALL(git_describe_format);
	GIT_CALL(git_describe_result_free);
	GIT_CALL(git_buf_dispose);
	GIT_CALL(git_repository_odb);
	GIT_CALL(git_repository_index);
	GIT_CALL(git_repository_commondir);
	GIT_CALL(git_odb_free);
	GIT_CALL(git_odb_read);
	GIT_CALL(git_odb_read_header);
	GIT_CALL(git_odb_object_data);
	GIT_CALL(git_odb_object_size);
	GIT_CALL(git_odb_object_free);
	GIT_CALL(git_tree_lookup);
	GIT_CALL(git_tree_entrycount);
	GIT_CALL(git_tree_entry_byindex);
	GIT_CALL(git_tree_entry_bypath);
	GIT_CALL(git_tree_entry_filemode);
	GIT_CALL(git_tree_entry_name);
	GIT_CALL(git_tree_entry_id);
	GIT_CALL(git_tree_entry_free);
	GIT_CALL(git_index_open);
	GIT_CALL(git_index_read);
	GIT_CALL(git_index_free);
	GIT_CALL(git_index_entrycount);
	GIT_CALL(git_index_get_byindex);
	GIT_CALL(git_index_get_bypath);
	GIT_CALL(git_index_find);
	GIT_CALL(git_index_find_prefix);
	GIT_CALL(git_commit_tree_id);
	GIT_CALL(git_commit_parentcount);
	GIT_CALL(git_commit_parent_id);
	GIT_CALL(git_tag_lookup);
	GIT_CALL(git_tag_target_id);
	GIT_CALL(git_tag_target_type);
	GIT_CALL(git_tag_free);
	GIT_CALL(git_oid_fromstr);
	GIT_CALL(git_oid_fromstrn);
	GIT_CALL(git_clone);
	GIT_CALL(git_clone_options_init);
	GIT_CALL(git_credential_username_new);
	GIT_CALL(git_credential_ssh_key_from_agent);
};

/* The calls, loaded and initialised; NULL with ERROR_MISSING. From any thread. */
const struct git_calls *git_load(struct error *err);

/* Sets the error from libgit2's last one; `what` is the operation. */
int git_fail(const struct git_calls *git, int result, const char *what, struct error *err);

#endif
