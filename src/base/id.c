#include "mlops/base/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mlops/base/parse.h"

static const char *const id_adjectives[] = { "able", "agile", "airy", "amber", "ample", "ancient",
	"azure", "balmy", "basic", "blithe", "bold", "brave", "breezy", "brief", "bright", "brisk",
	"broad", "bronze", "calm", "candid", "careful", "cheery", "civil", "clean", "clear",
	"clever", "cobalt", "cool", "copper", "coral", "cosmic", "cosy", "crisp", "curious",
	"daring", "deep", "deft", "direct", "distant", "dusky", "eager", "early", "earnest", "easy",
	"even", "exact", "fair", "famous", "fancy", "fast", "fine", "firm", "fleet", "fluent",
	"fond", "formal", "frank", "free", "fresh", "gentle", "giant", "glad", "golden", "good",
	"grand", "green", "handy", "happy", "hardy", "honest", "humble", "ideal", "jolly", "keen",
	"kind", "large", "lasting", "light", "lively", "local", "loyal", "lucid", "lucky", "lunar",
	"mellow", "merry", "mild", "modest", "native", "neat", "nimble", "noble", "novel", "olive",
	"open", "patient", "placid", "plain", "polite", "proper", "proud", "pure", "quick", "quiet",
	"rapid", "ready", "robust", "round", "royal", "rustic", "sage", "serene", "sharp", "silver",
	"simple", "sincere", "smart", "smooth", "snug", "solar", "solid", "spry", "stable",
	"steady", "subtle", "sunny", "swift", "tidy", "trim", "true", "upbeat", "vivid", "warm",
	"witty", "young" };

static const char *const id_animals[] = { "adder", "albatross", "alpaca", "antelope", "auk",
	"avocet", "badger", "bat", "bear", "beaver", "bee", "beetle", "bison", "bittern", "bluejay",
	"bobcat", "buffalo", "bunting", "butterfly", "buzzard", "camel", "caribou", "carp", "cat",
	"chamois", "cheetah", "chough", "cicada", "condor", "coot", "cormorant", "crab", "crane",
	"cricket", "crow", "curlew", "deer", "dipper", "dolphin", "dormouse", "dove", "dragonfly",
	"duck", "dunlin", "eagle", "egret", "eider", "elk", "ermine", "falcon", "ferret", "finch",
	"firefly", "flamingo", "fox", "frog", "gannet", "gazelle", "gecko", "gibbon", "giraffe",
	"gnu", "godwit", "goldfinch", "goose", "grebe", "grouse", "gull", "hare", "harrier", "hawk",
	"hedgehog", "heron", "hoopoe", "horse", "ibex", "ibis", "iguana", "impala", "jackdaw",
	"jaguar", "jay", "kestrel", "kingfisher", "kite", "kiwi", "koala", "lapwing", "lark",
	"lemming", "lemur", "leopard", "linnet", "lion", "lizard", "llama", "lobster", "lynx",
	"macaw", "magpie", "mallard", "manatee", "marmot", "marten", "merlin", "mole", "moose",
	"moth", "newt", "nightjar", "ocelot", "octopus", "oriole", "oryx", "osprey", "otter", "owl",
	"panda", "parrot", "pelican", "penguin", "petrel", "pigeon", "plover", "pony", "puffin",
	"quail", "rabbit", "raven", "robin", "salmon", "seal", "sparrow", "squirrel", "stork",
	"swallow", "swan", "tapir", "tern", "thrush", "tiger", "tortoise", "toucan", "trout",
	"turtle", "walrus", "warbler", "weaver", "whale", "wolf", "wombat", "wren", "yak",
	"zebra" };

enum {
	ID_ADJECTIVES = sizeof id_adjectives / sizeof *id_adjectives,
	ID_ANIMALS = sizeof id_animals / sizeof *id_animals
};

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014: SplitMix64. */
static uint64_t id_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* For tests: the seed's next 128 bits. */
static bool id_seeded(unsigned char bytes[ID_LENGTH / 2])
{
	static uint64_t count;
	uint64_t seed;
	const char *text = getenv("MLOPS_TEST_ID_SEED");
	if (!text || !parse_u64(text_of(text), &seed))
		return false;
	uint64_t first = __atomic_fetch_add(&count, 2, __ATOMIC_RELAXED);
	for (uint64_t half = 0; half < 2; half++) {
		uint64_t step = (first + half + 1) * 0x9e3779b97f4a7c15u;
		uint64_t word = id_mix(id_mix(seed) + step);
		memcpy(bytes + half * sizeof word, &word, sizeof word);
	}
	return true;
}

int id_new(struct id *ret, struct error *err)
{
	unsigned char bytes[ID_LENGTH / 2];
	if (!id_seeded(bytes)) {
		ssize_t count;
		do {
			count = getrandom(bytes, sizeof bytes, 0);
		} while (count < 0 && errno == EINTR);
		/* Up to 256 bytes come whole or not at all. */
		if (count != sizeof bytes)
			return error_set_os(err, ERROR_IO, "cannot get random bytes");
	}
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(ret->text + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static bool id_is_hexadecimal(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		char c = text.at[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

bool id_is(struct text text)
{
	return text.length == ID_LENGTH && id_is_hexadecimal(text);
}

bool id_is_prefix(struct text text)
{
	return text.length >= ID_PREFIX_SHORTEST && text.length <= ID_LENGTH &&
	       id_is_hexadecimal(text);
}

static unsigned id_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void id_name(const char *id, char ret_name[ID_NAME_SIZE])
{
	uint64_t high = 0, low = 0;
	if (!id_is(text_of(id)))
		BUG("'%s' is no id", id);
	for (size_t i = 0; i < ID_LENGTH; i++) {
		high = high << 4 | low >> 60;
		low = low << 4 | id_digit(id[i]);
	}
	/* Mixed, so that ids that differ in a few digits get different names. */
	uint64_t word = id_mix(high ^ id_mix(low));
	snprintf(ret_name, ID_NAME_SIZE, "%s-%s", id_adjectives[word % ID_ADJECTIVES],
		id_animals[word / ID_ADJECTIVES % ID_ANIMALS]);
}
