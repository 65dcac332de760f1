#include "mlops/base/library.h"

#include <dlfcn.h>
#include <string.h>

static void *library_open(const struct library *library)
{
	for (size_t i = 0; i < LIBRARY_NAMES && library->names[i]; i++) {
		void *handle = dlopen(library->names[i], RTLD_NOW | RTLD_LOCAL);
		if (handle)
			return handle;
	}
	return NULL;
}

int library_load(const struct library *library, void *calls, struct error *err)
{
	void *handle = library_open(library);
	if (!handle) {
		error_set(err, ERROR_MISSING, "cannot load %s, which is needed for %s",
			library->names[0], library->purpose);
		return error_hint(err, "install the package '%s'", library->package);
	}
	for (const struct library_symbol *symbol = library->symbols; symbol->name; symbol++) {
		void *address = dlsym(handle, symbol->name);
		if (!address && !symbol->optional)
			return error_set(err, ERROR_MISSING, "%s has no function '%s'",
				library->names[0], symbol->name);
		memcpy((char *)calls + symbol->offset, &address, sizeof address);
	}
	return 0;
}

bool library_present(const struct library *library)
{
	void *handle = library_open(library);
	if (handle)
		dlclose(handle);
	return handle != NULL;
}
