#include "config_internal.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/vec.h"

const char *config_layer_name(enum config_layer layer)
{
	static const char *const names[] = { "built-in", "system", "user", "repository",
		"environment", "command line" };
	return names[layer];
}

void config_free(struct config *config)
{
	if (!config)
		return;
	arena_release(&config->arena);
	memory_free(config);
}

/* "a, b" as items; an empty text is an empty list. */
static int config_split(struct config *config, struct config_slot *slot, struct error *err)
{
	struct text rest = text_of(slot->value.text), part;
	size_t most = 1;
	for (size_t i = 0; i < rest.length; i++)
		most += rest.at[i] == ',';
	slot->items = arena_allocate(&config->arena, most, sizeof *slot->items, err);
	if (!slot->items)
		return -ERROR_MEMORY;
	while (rest.length && text_split(&rest, ',', &part)) {
		part = text_trim(part);
		if (!part.length)
			continue;
		slot->items[slot->n_items] =
			arena_copy_bytes(&config->arena, part.at, part.length, err);
		if (!slot->items[slot->n_items++])
			return -ERROR_MEMORY;
	}
	return 0;
}

int config_put(struct config *config, const struct setting *setting, const char *text,
	const struct config_slot *origin, struct error *err)
{
	struct config_slot slot = { .layer = origin->layer, .line = origin->line };
	int status = setting_parse(setting, text, &slot.value, err);
	if (status < 0)
		return status;
	slot.value.text = arena_copy_string(&config->arena, text, err);
	if (!slot.value.text)
		return -ERROR_MEMORY;
	if (origin->origin) {
		slot.origin = arena_copy_string(&config->arena, origin->origin, err);
		if (!slot.origin)
			return -ERROR_MEMORY;
	}
	if (setting->type == SETTING_LIST && config_split(config, &slot, err) < 0)
		return -ERROR_MEMORY;
	config->slots[setting - setting_table] = slot;
	return 0;
}

static const struct config_slot *config_slot(
	const struct config *config, const char *name, unsigned int types)
{
	const struct setting *setting = setting_find(name);
	if (!setting || !(types >> setting->type & 1))
		BUG("there is no setting '%s' of this type", name);
	return &config->slots[setting - setting_table];
}

bool config_boolean(const struct config *config, const char *name)
{
	return config_slot(config, name, 1u << SETTING_BOOLEAN)->value.boolean;
}

int64_t config_integer(const struct config *config, const char *name)
{
	return config_slot(config, name, 1u << SETTING_INTEGER | 1u << SETTING_SIZE)->value.integer;
}

double config_number(const struct config *config, const char *name)
{
	unsigned int types = 1u << SETTING_NUMBER | 1u << SETTING_DURATION | 1u << SETTING_INTEGER |
			     1u << SETTING_SIZE;
	return config_slot(config, name, types)->value.number;
}

const char *config_text(const struct config *config, const char *name)
{
	return config_slot(config, name, 1u << SETTING_TEXT | 1u << SETTING_CHOICE)->value.text;
}

const char *const *config_list(const struct config *config, const char *name, size_t *ret_count)
{
	const struct config_slot *slot = config_slot(config, name, 1u << SETTING_LIST);
	*ret_count = slot->n_items;
	return slot->items;
}

int config_entry(
	const struct config *config, const char *name, struct config_entry *ret, struct error *err)
{
	const struct setting *setting = setting_find(name);
	if (!setting) {
		const char *nearest = setting_nearest(name);
		error_set(err, ERROR_NOT_FOUND, "there is no setting '%s'", name);
		return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_NOT_FOUND;
	}
	const struct config_slot *slot = &config->slots[setting - setting_table];
	*ret = (struct config_entry){ .setting = setting,
		.layer = slot->layer,
		.text = setting_shown(setting, slot->value.text) };
	if (slot->line)
		snprintf(ret->origin, sizeof ret->origin, "%s:%u", slot->origin, slot->line);
	else
		snprintf(ret->origin, sizeof ret->origin, "%s",
			slot->origin ? slot->origin : config_layer_name(slot->layer));
	return 0;
}

void config_describe(const struct config *config, const char *name, struct strbuf *buffer)
{
	struct config_entry entry;
	struct error err = ERROR_INIT;
	if (config_entry(config, name, &entry, &err) < 0)
		BUG("there is no setting '%s'", name);
	strbuf_printf(buffer, "%s (%s)", name, entry.origin);
}
