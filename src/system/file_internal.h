/* file_internal: what the other rooms of this floor share with file.c. */
#ifndef MLOPS_SYSTEM_FILE_INTERNAL_H
#define MLOPS_SYSTEM_FILE_INTERNAL_H

#include <sys/stat.h>

#include "mlops/system/file.h"

void file_facts_from(const struct stat *status, struct file_facts *ret);

/* ERROR_NOT_FOUND if errno says that there is no such path, else ERROR_IO. */
enum error_code file_error_code(void);

#endif
