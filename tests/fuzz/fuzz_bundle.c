/*
 * Any bytes as a bundle of runs: it is merged or refused with the right error; what was merged is
 * written again as a bundle that changes nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mlops/database/transaction.h"
#include "mlops/record/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct record *bundle_record(void)
{
	static struct record *record;
	static char folder[] = "/tmp/mlops-fuzz-XXXXXX";
	struct error err = ERROR_INIT;
	if (record)
		return record;
	char path[64];
	if (!mkdtemp(folder))
		BUG("no folder");
	snprintf(path, sizeof path, "%s/mlops.db", folder);
	if (record_open(path, DATABASE_CREATE, &record, &err) < 0)
		BUG("%s", err.message);
	/* An open file needs no name. */
	remove(path);
	snprintf(path, sizeof path, "%s/mlops.db-wal", folder);
	remove(path);
	snprintf(path, sizeof path, "%s/mlops.db-shm", folder);
	remove(path);
	remove(folder);
	return record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record *record = bundle_record();
	struct error err = ERROR_INIT;
	struct exchange_summary summary = { 0 };
	AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
	AUTO(exchange_part_release) struct exchange_part part = { .runs = NULL };
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, record_database(record), TRANSACTION_NORMAL, &err) < 0)
		BUG("%s", err.message);
	if (exchange_merge(record, "peer", "bundle", (const char *)data, size, &summary, &err) <
		0) {
		if (err.code != ERROR_INVALID && err.code != ERROR_MEMORY)
			BUG("a wrong error: %s", err.message);
		return 0;
	}
	if (exchange_write(record, "other", &again, &part, &err) < 0)
		BUG("cannot be written again: %s", err.message);
	summary = (struct exchange_summary){ 0 };
	if (part.count && (exchange_merge(record, "third", "again", again.text, again.length,
				   &summary, &err) < 0 ||
				  summary.changed || summary.added))
		BUG("not the same again: %s", err.message);
	return 0;
}
