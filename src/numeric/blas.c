#include "mlops/numeric/blas.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/library.h"

/* The header repeats cblas.h's numbers, so that no other file needs it. */
_Static_assert(
	(int)BLAS_ROW_MAJOR == (int)CblasRowMajor && (int)BLAS_COLUMN_MAJOR == (int)CblasColMajor &&
		(int)BLAS_PLAIN == (int)CblasNoTrans && (int)BLAS_TRANSPOSED == (int)CblasTrans &&
		(int)BLAS_UPPER == (int)CblasUpper && (int)BLAS_LOWER == (int)CblasLower &&
		sizeof(blasint) == sizeof(int),
	"blas.h and cblas.h differ");

struct blas_library {
	struct blas calls;
	void (*set_threads)(int threads);
	const char *(*core)(void);
	const char *(*config)(void);
};

#define BLAS_CALL(member, symbol) LIBRARY_SYMBOL(struct blas_library, calls.member, symbol)

static const struct library_symbol blas_symbols[] = {
	BLAS_CALL(dgemm, "cblas_dgemm"),
	BLAS_CALL(sgemm, "cblas_sgemm"),
	BLAS_CALL(dgemv, "cblas_dgemv"),
	BLAS_CALL(dsyrk, "cblas_dsyrk"),
	BLAS_CALL(dgeqrf, "dgeqrf_"),
	BLAS_CALL(dgeqp3, "dgeqp3_"),
	BLAS_CALL(dormqr, "dormqr_"),
	BLAS_CALL(dtrtrs, "dtrtrs_"),
	BLAS_CALL(dpotrf, "dpotrf_"),
	BLAS_CALL(dpotrs, "dpotrs_"),
	BLAS_CALL(dsyev, "dsyev_"),
	LIBRARY_SYMBOL(struct blas_library, set_threads, "openblas_set_num_threads"),
	LIBRARY_OPTIONAL(struct blas_library, core, "openblas_get_corename"),
	LIBRARY_OPTIONAL(struct blas_library, config, "openblas_get_config"),
	LIBRARY_END,
};

static const struct library blas_description = {
	.names = { "libopenblas.so.0" },
	.purpose = "linear algebra",
	.package = "libopenblas0",
	.symbols = blas_symbols,
};

/* Written once, under blas_once. */
static pthread_once_t blas_once = PTHREAD_ONCE_INIT;
static struct blas_library blas_loaded;
static struct error blas_error;
static char blas_version_text[64], blas_core_text[32];

static void blas_load_once(void)
{
	if (library_load(&blas_description, &blas_loaded, &blas_error) < 0)
		return;
	blas_loaded.set_threads(1);
	if (blas_loaded.core)
		snprintf(blas_core_text, sizeof blas_core_text, "%s", blas_loaded.core());
	if (blas_loaded.config) { /* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH …" */
		const char *config = blas_loaded.config();
		const char *blank = strchr(config, ' ');
		size_t length = blank ? strcspn(blank + 1, " ") + (size_t)(blank + 1 - config) : 0;
		snprintf(blas_version_text, sizeof blas_version_text, "%.*s", (int)length, config);
	}
}

const struct blas *blas_load(struct error *err)
{
	pthread_once(&blas_once, blas_load_once);
	if (blas_error.code) {
		*err = blas_error;
		return NULL;
	}
	return &blas_loaded.calls;
}

const char *blas_version(void)
{
	return blas_version_text;
}

const char *blas_core(void)
{
	return blas_core_text;
}
