/*
 * The state of a working tree: one diff of HEAD's tree against index and files answers what has
 * changed, how (the patch), and which files git has never seen.
 */
#include <stdio.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/base/vec.h"
#include "repository_internal.h"

struct state_builder {
	struct repository *repository;
	struct repository_state *state;
	struct strbuf lost;
	VEC(char *) untracked;
	size_t n_untracked_seen;
};

static void state_lose(struct state_builder *builder, const char *sentence)
{
	strbuf_printf(&builder->lost, "%s%s", builder->lost.length ? "\n" : "", sentence);
}

static int state_head(struct state_builder *builder, git_oid *ret_head, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	git_repository *handle = builder->repository->handle;
	struct repository_state *state = builder->state;
	git_reference *head = NULL;
	int result = git->git_reference_lookup(&head, handle, "HEAD");
	if (result < 0)
		return git_fail(git, result, "cannot read HEAD", err);
	const char *target = git->git_reference_symbolic_target(head);
	static const char heads[] = "refs/heads/";
	if (target && strncmp(target, heads, strlen(heads)) == 0)
		state->branch = memory_copy_string(target + strlen(heads), err);
	git->git_reference_free(head);
	if (target && err->code == ERROR_MEMORY)
		return -err->code;
	state->detached = git->git_repository_head_detached(handle) == 1;
	result = git->git_reference_name_to_id(ret_head, handle, "HEAD");
	state->unborn = result == GIT_ENOTFOUND;
	if (result < 0 && !state->unborn)
		return git_fail(git, result, "cannot read HEAD", err);
	if (!state->unborn)
		git->git_oid_tostr(state->commit, sizeof state->commit, ret_head);
	else
		state_lose(builder, "nothing is committed yet");
	state->shallow = git->git_repository_is_shallow(handle) == 1;
	if (state->shallow)
		state_lose(builder, "the clone is shallow: older commits are not here");
	state->worktree = git->git_repository_is_worktree(handle) == 1;
	return 0;
}

static int state_describe(struct state_builder *builder, git_commit *commit, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	git_describe_options options = GIT_DESCRIBE_OPTIONS_INIT;
	git_describe_format_options format = GIT_DESCRIBE_FORMAT_OPTIONS_INIT;
	git_describe_result *found = NULL;
	git_buf text = { NULL, 0, 0 };
	options.describe_strategy = GIT_DESCRIBE_TAGS;
	options.show_commit_oid_as_fallback = 1;
	int result = git->git_describe_commit(&found, (git_object *)commit, &options);
	if (result == 0)
		result = git->git_describe_format(&text, found, &format);
	if (result == 0)
		builder->state->describe = memory_copy_string(text.ptr, err);
	git->git_buf_dispose(&text);
	git->git_describe_result_free(found);
	/* In a shallow clone history ends early; the name is a convenience. */
	return result == 0 && !builder->state->describe ? -ERROR_MEMORY : 0;
}

/*
 * Read from the configuration as it stands there: listing or opening a remote costs libgit2 1.5
 * memory that it does not give back, and would put a user's own rewriting (insteadOf) in the record.
 */
static int state_remote(struct state_builder *builder, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	git_config *config = NULL;
	const char *name = NULL, *url = NULL;
	AUTO_FREE char *key = NULL;
	int result = git->git_repository_config_snapshot(&config, builder->repository->handle);
	if (result < 0)
		return git_fail(git, result, "cannot read git's settings", err);
	if (git->git_config_get_string(&url, config, "remote.origin.url") < 0)
		url = NULL;
	if (!url && builder->state->branch) {
		key = memory_format(err, "branch.%s.remote", builder->state->branch);
		if (key && git->git_config_get_string(&name, config, key) < 0)
			name = NULL;
		memory_free(key);
		key = name ? memory_format(err, "remote.%s.url", name) : NULL;
		if (key && git->git_config_get_string(&url, config, key) < 0)
			url = NULL;
	}
	if (url && err->code == ERROR_NONE)
		builder->state->remote = repository_url_without_secrets(url, err);
	git->git_config_free(config);
	return -(int)err->code;
}

/* One line of the patch: as `git diff` prints it. */
static int state_patch_line(const git_diff_delta *delta, const git_diff_hunk *hunk,
	const git_diff_line *line, void *context)
{
	struct strbuf *patch = context;
	(void)delta, (void)hunk;
	if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
		line->origin == GIT_DIFF_LINE_DELETION)
		strbuf_add_char(patch, line->origin);
	strbuf_add_bytes(patch, line->content, line->content_len);
	return patch->failed ? GIT_EUSER : 0;
}

static int state_take_patch(struct state_builder *builder, git_diff *diff, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	struct strbuf *patch = &builder->state->patch;
	patch->cap = REPOSITORY_PATCH_CAP;
	int result = git->git_diff_print(diff, GIT_DIFF_FORMAT_PATCH, state_patch_line, patch);
	if (patch->failed) {
		strbuf_release(patch);
		state_lose(builder, "the changes are over 64 MiB and were not kept");
		return 0;
	}
	return result < 0 ? git_fail(git, result, "cannot make a patch", err) : 0;
}

static int state_add_untracked(struct state_builder *builder, const char *path, struct error *err)
{
	if (builder->n_untracked_seen++ >= REPOSITORY_UNTRACKED_CAP)
		return 0;
	char *copy = memory_copy_string(path, err);
	if (!copy)
		return -err->code;
	vec_push(&builder->untracked, copy);
	if (vec_check(&builder->untracked, err) < 0) {
		memory_free(copy);
		return -err->code;
	}
	return 0;
}

static int state_read_deltas(struct state_builder *builder, git_diff *diff, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	size_t count = git->git_diff_num_deltas(diff);
	for (size_t i = 0; i < count; i++) {
		const git_diff_delta *delta = git->git_diff_get_delta(diff, i);
		if (delta->status == GIT_DELTA_UNTRACKED) {
			if (state_add_untracked(builder, delta->new_file.path, err) < 0)
				return -err->code;
			continue;
		}
		if (delta->status == GIT_DELTA_UNREADABLE || delta->status == GIT_DELTA_CONFLICTED)
			state_lose(builder, delta->status == GIT_DELTA_CONFLICTED
						    ? "a merge with conflicts is under way"
						    : "a changed file cannot be read");
		if (delta->new_file.mode == GIT_FILEMODE_COMMIT ||
			delta->old_file.mode == GIT_FILEMODE_COMMIT) {
			char sentence[512];
			snprintf(sentence, sizeof sentence,
				"the submodule '%.400s' differs from the commit",
				delta->new_file.path);
			state_lose(builder, sentence);
		}
		builder->state->n_changed++;
	}
	builder->state->dirty = builder->state->n_changed > 0;
	return 0;
}

static int state_diff(struct state_builder *builder, git_tree *tree, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	git_diff_options options = GIT_DIFF_OPTIONS_INIT;
	git_diff *diff = NULL;
	/* Said here, so that no setting of the user or the repository changes the patch. */
	options.flags = GIT_DIFF_SHOW_BINARY | GIT_DIFF_INCLUDE_UNTRACKED |
			GIT_DIFF_RECURSE_UNTRACKED_DIRS | GIT_DIFF_INCLUDE_UNREADABLE;
	options.context_lines = 3;
	options.old_prefix = "a";
	options.new_prefix = "b";
	int result = git->git_diff_tree_to_workdir_with_index(
		&diff, builder->repository->handle, tree, &options);
	if (result < 0)
		return git_fail(git, result, "cannot compare the files with the commit", err);
	int status = state_read_deltas(builder, diff, err);
	if (status == 0 && builder->state->dirty)
		status = state_take_patch(builder, diff, err);
	git->git_diff_free(diff);
	return status;
}

static int state_untracked(struct state_builder *builder, struct error *err)
{
	struct repository_state *state = builder->state;
	size_t seen = builder->n_untracked_seen;
	if (sort_items(builder->untracked.items, builder->untracked.count,
		    sizeof *builder->untracked.items, sort_strings, NULL, err) < 0)
		return -err->code;
	state->untracked = builder->untracked.items;
	state->n_untracked = builder->untracked.count;
	builder->untracked.items = NULL;
	builder->untracked.count = 0;
	if (!seen)
		return 0;
	char sentence[128];
	snprintf(sentence, sizeof sentence, "%zu untracked file%s not part of the commit", seen,
		seen == 1 ? " is" : "s are");
	state_lose(builder, sentence);
	return 0;
}

static int state_read(struct state_builder *builder, struct error *err)
{
	const struct git_calls *git = builder->repository->git;
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_oid head;
	int status = state_head(builder, &head, err);
	if (status == 0 && !builder->state->unborn) {
		int result = git->git_commit_lookup(&commit, builder->repository->handle, &head);
		if (result == 0)
			result = git->git_commit_tree(&tree, commit);
		if (result < 0)
			status = git_fail(git, result, "cannot read the commit", err);
		else
			status = state_describe(builder, commit, err);
	}
	if (status == 0)
		status = state_remote(builder, err);
	if (status == 0)
		status = state_diff(builder, tree, err);
	git->git_tree_free(tree);
	git->git_commit_free(commit);
	return status < 0 ? status : state_untracked(builder, err);
}

int repository_state(struct repository *repository, struct repository_state *ret, struct error *err)
{
	AUTO(repository_state_release) struct repository_state state = { .patch = STRBUF_INIT };
	struct state_builder builder = { .repository = repository,
		.state = &state,
		.lost = STRBUF_INIT,
		.untracked = VEC_INIT };
	int status = state_read(&builder, err);
	if (status == 0)
		status = strbuf_check(&builder.lost, err);
	if (status == 0 && builder.lost.length) {
		state.lost = strbuf_take(&builder.lost, err);
		status = state.lost ? 0 : -(int)err->code;
	}
	strbuf_release(&builder.lost);
	for (size_t i = 0; i < builder.untracked.count; i++)
		memory_free(builder.untracked.items[i]);
	vec_release(&builder.untracked);
	if (status < 0)
		return status;
	*ret = state;
	state = (struct repository_state){ .patch = STRBUF_INIT };
	return 0;
}

void repository_state_release(struct repository_state *state)
{
	memory_free(state->branch);
	memory_free(state->remote);
	memory_free(state->describe);
	memory_free(state->lost);
	if (state->patch.text)
		strbuf_release(&state->patch);
	for (size_t i = 0; i < state->n_untracked; i++)
		memory_free(state->untracked[i]);
	memory_free(state->untracked);
	*state = (struct repository_state){ .patch = STRBUF_INIT };
}
