#include "store_make.h"

#include "mlops/base/embedded.h"
#include "mlops/base/path.h"
#include "mlops/record/record.h"
#include "mlops/system/atomic.h"

int store_make(const char *root, struct workspace *ret, bool *ret_new, struct error *err)
{
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(record_close) struct record *record = NULL;
	if (workspace_create(root, &workspace, ret_new, err) < 0 ||
		record_open(workspace.database, DATABASE_CREATE, &record, err) < 0)
		return -err->code;
	AUTO_FREE char *schema = path_join(workspace.folder, STORE_SCHEMA, err);
	struct text text = embedded_text(STORE_SCHEMA);
	if (!schema || atomic_write(schema, text.at, text.length, 0644, err) < 0)
		return -err->code;
	*ret = workspace;
	workspace = (struct workspace){ .root = NULL };
	return 0;
}

bool store_make_in_clone(struct workspace *ret)
{
	struct error ignored = ERROR_INIT; /* the caller knows already that there is no store */
	AUTO_FREE char *root = NULL;
	return workspace_find_clone(".", &root, &ignored) == 0 && root &&
	       store_make(root, ret, NULL, &ignored) == 0;
}
