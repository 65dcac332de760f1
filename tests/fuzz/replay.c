/*
 * replay FOLDER: runs a fuzz target over the files of a folder and over MUTATIONS changed copies
 * of each, the same ones in every run. What libFuzzer finds goes into the folder and stays found.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MUTATIONS = 200, MUTATED_BYTES = 1 << 16 };

static uint64_t replay_state;
static uint64_t replay_random(void)
{
	uint64_t z = replay_state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Flips, cuts, doubles or inserts; returns the new size, at most twice the old plus one. */
static size_t replay_mutate(uint8_t *bytes, size_t size)
{
	size_t at = size ? replay_random() % size : 0;
	size_t length = size ? 1 + replay_random() % (size - at) : 0;
	switch (replay_random() % 4) {
	case 0:
		if (size)
			bytes[at] ^= (uint8_t)(1u << replay_random() % 8);
		return size;
	case 1:
		memmove(bytes + at, bytes + at + length, size - at - length);
		return size - length;
	case 2:
		memmove(bytes + at + length, bytes + at, size - at);
		return size + length;
	default:
		memmove(bytes + at + 1, bytes + at, size - at);
		bytes[at] = (uint8_t)replay_random();
		return size + 1;
	}
}

static void replay_run(const uint8_t *bytes, size_t size)
{
	/* A copy of just that size, so that a sanitizer sees reads behind the end. */
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		exit(EXIT_FAILURE);
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void replay_file(const char *path)
{
	FILE *stream = fopen(path, "rb");
	uint8_t *original = calloc(4, MUTATED_BYTES);
	if (!stream || !original) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size_t size = fread(original, 1, MUTATED_BYTES, stream);
	fclose(stream);
	replay_run(original, size);
	uint8_t *bytes = original + MUTATED_BYTES;
	for (int i = 0; i < MUTATIONS; i++) {
		memcpy(bytes, original, size);
		size_t changed = replay_mutate(bytes, size);
		if (replay_random() % 2 && changed < MUTATED_BYTES)
			changed = replay_mutate(bytes, changed);
		replay_run(bytes, changed);
	}
	free(original);
}

static int replay_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 2 ? scandir(argv[1], &entries, replay_wanted, alphasort) : -1;
	if (count <= 0) {
		fprintf(stderr, "usage: replay FOLDER, with files in it\n");
		return EXIT_FAILURE;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
		replay_file(path);
		free(entries[i]);
	}
	free(entries);
	printf("%d files, %d mutations each\n", count, MUTATIONS);
	return EXIT_SUCCESS;
}
