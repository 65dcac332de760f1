#include "mlops/pipeline/capture.h"

#include <string.h>

#include "mlops/base/event.h"
#include "mlops/base/path.h"
#include "mlops/document/json_writer.h"
#include "mlops/numeric/blas.h"
#include "mlops/record/code.h"
#include "mlops/system/file.h"

static int capture_put(struct object_store *objects, const struct strbuf *bytes,
	char ret_text[HASH_TEXT_SIZE], struct error *err)
{
	struct hash hash;
	int status = strbuf_check(bytes, err);
	if (status == 0)
		status = object_put_bytes(objects, bytes->text, bytes->length, &hash, err);
	if (status == 0)
		hash_format(&hash, ret_text);
	return status;
}

/* One untracked file: its size and hash, and its content as an object of its own if it is small. */
static int capture_file(const char *folder, const char *path, struct object_store *objects,
	uint64_t *kept, struct json_writer *json, struct error *err)
{
	char text[HASH_TEXT_SIZE];
	struct hash hash;
	struct file_facts facts;
	uint64_t size = 0;
	AUTO_FREE char *full = path_join(folder, path, err);
	if (!full)
		return -ERROR_MEMORY;
	json_object(json);
	json_key_string(json, "path", path);
	struct error gone = ERROR_INIT; /* a file that went away meanwhile is listed by name only */
	if (file_facts(full, &facts, &gone) == 0 && facts.kind == FILE_REGULAR) {
		bool keep = facts.size <= CAPTURE_FILE && *kept + facts.size <= CAPTURE_ALL;
		struct object_file file;
		int status = keep ? object_put_file(objects, full, NULL, &file, err)
				  : hash_file(full, &hash, &size, err);
		if (status < 0)
			return status;
		if (keep) {
			hash = file.hash;
			size = file.facts.size;
			*kept += size;
		}
		hash_format(&hash, text);
		json_key_integer(json, "size", (int64_t)size);
		json_key_string(json, "blake3", text);
		json_key_boolean(json, "kept", keep);
	}
	json_end(json);
	return 0;
}

static int capture_untracked(struct capture *capture, const char *folder,
	struct object_store *objects, struct error *err)
{
	AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
	struct json_writer json;
	uint64_t kept = 0;
	json_begin(&json, &list, 1);
	json_array(&json);
	for (size_t i = 0; i < capture->state.n_untracked; i++) {
		int status = capture_file(
			folder, capture->state.untracked[i], objects, &kept, &json, err);
		if (status < 0)
			return status;
	}
	json_end(&json);
	return capture_put(objects, &list, capture->untracked, err);
}

static int capture_code(const char *root, struct object_store *objects,
	const struct event_sink *sink, struct capture *capture, struct error *err)
{
	AUTO(repository_close) struct repository *repository = NULL;
	int status = repository_open(root, &repository, err);
	if (status < 0) {
		/* No git is a pity, not a failure: the run says that its code cannot be rebuilt. */
		event_note(sink, "the code is not recorded: %s", err->message);
		error_clear(err);
		return 0;
	}
	status = repository_state(repository, &capture->state, err);
	if (status < 0)
		return status;
	capture->has_repository = true;
	if (capture->state.patch.length)
		status = capture_put(objects, &capture->state.patch, capture->patch, err);
	if (status == 0 && capture->state.n_untracked)
		status = capture_untracked(capture, repository_root(repository), objects, err);
	return status;
}

int capture_take(const char *root, struct object_store *objects, const struct event_sink *sink,
	struct capture *ret_capture, struct error *err)
{
	memset(ret_capture, 0, sizeof *ret_capture);
	ret_capture->state.patch = STRBUF_INIT;
	int status = facts_of_host(&ret_capture->environment, err);
	if (status == 0)
		status = capture_code(root, objects, sink, ret_capture, err);
	if (status < 0)
		capture_release(ret_capture);
	return status;
}

void capture_release(struct capture *capture)
{
	repository_state_release(&capture->state);
	facts_release(&capture->environment);
}

int capture_record(struct capture *capture, struct record *record, int64_t run, struct error *err)
{
	int status = 0;
	if (blas_version()[0]) {
		status = facts_add(&capture->environment, "blas", blas_version(), err);
		if (status == 0)
			status = facts_add(&capture->environment, "blas_core", blas_core(), err);
	}
	if (status == 0)
		status = run_environment_set(record, run, &capture->environment, err);
	if (status < 0)
		return status;
	return run_code_set(record, run, capture->has_repository ? &capture->state : NULL,
		capture->patch[0] ? capture->patch : NULL,
		capture->untracked[0] ? capture->untracked : NULL, err);
}
