#include "unit.h"

#include <string.h>

#include "mlops/report/markup.h"
#include "mlops/report/page.h"
#include "well_formed.h"

static void assert_text(const char *text, const char *expected)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	markup_text(&out, text);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(text_is_escaped)
{
	assert_text(
		"a < b && c > \"d\" 'e'", "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &#39;e&#39;");
	assert_text("</script><script>alert(1)", "&lt;/script&gt;&lt;script&gt;alert(1)");
	assert_text("größe → 長さ", "größe → 長さ");
	assert_text("bad \xff\xc0\xaf \xed\xa0\x80", "bad ��� ���");
	assert_text("bell\a esc\x1b[31m nul", "bell� esc�[31m nul");
	assert_text("turn \xe2\x80\xae round", "turn � round");
	assert_text("line\nand\ttab", "line\nand\ttab");
	assert_text(NULL, "");
}
END_TEST

START_TEST(elements_and_attributes)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	markup_open(&out, "td", "class", "number", "title", NULL, "id", "a\"b<", NULL);
	markup_text(&out, "1 & 2");
	markup_close(&out, "td");
	markup_empty(&out, "br", NULL);
	ck_assert_str_eq(out.text, "<td class=\"number\" id=\"a&quot;b&lt;\">1 &amp; 2</td><br/>");
}
END_TEST

START_TEST(coordinates_are_short)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = { { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { 1.5, "1.5" }, { 1.25, "1.25" },
		{ 1.255001, "1.26" }, { -0.004, "0" }, { -0.05, "-0.05" }, { 99.999, "100" },
		{ 12345.67, "12345.67" }, { 1e300, "0" }, { 0.0 / 0.0, "0" }, { 10.05, "10.05" },
		{ -1.0 / 0.0, "0" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
		markup_coordinate(&out, cases[i].value);
		ck_assert_str_eq(out.text, cases[i].text);
	}
}
END_TEST

static void assert_markdown(const char *text, size_t limit, const char *expected)
{
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	markdown_text(&out, text, limit);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(markdown_is_plain_text)
{
	assert_markdown("a|b", 0, "a&#124;b");
	assert_markdown("roc_auc 0.995 (worst-area)", 0, "roc_auc 0.995 &#40;worst-area&#41;");
	assert_markdown("*x* _y_ `z`", 0, "&#42;x&#42; &#95;y&#95; &#96;z&#96;");
	assert_markdown("# head\n- item", 0, "&#35; head &#45; item");
	assert_markdown("<b>&amp;", 0, "&lt;b&gt;&amp;amp;");
	assert_markdown("hi @maintainer see #12", 0, "hi &#64;maintainer see &#35;12");
}
END_TEST

START_TEST(markdown_is_cut_at_a_character)
{
	assert_markdown("äöü", 3, "äö…");
	assert_markdown("abc", 3, "abc");
	assert_markdown("abcd", 3, "abc…");
}
END_TEST

START_TEST(a_page_is_well_formed_whatever_it_shows)
{
	const char *evil = "</td><script>\"'&\x01\xff<!--";
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct page_column columns[] = { { evil, false }, { "n", true } };
	const char *cells[] = { evil, evil };
	struct page_tile tiles[] = { { evil, evil, evil }, { "a", "b", NULL } };
	page_begin(&out, evil, evil);
	page_verdict(&out, "good", evil);
	page_tiles(&out, tiles, 2);
	page_section_begin(&out, evil, evil);
	page_table_begin(&out, columns, 2);
	page_table_row(&out, columns, cells, 2, true);
	page_table_end(&out);
	page_figures_begin(&out);
	page_figure_begin(&out, evil);
	page_figure_end(&out);
	page_figures_end(&out);
	page_facts_begin(&out);
	page_fact(&out, evil, evil);
	page_facts_end(&out);
	page_note(&out, evil);
	page_details_begin(&out, evil);
	page_details_end(&out);
	page_section_end(&out);
	page_end(&out, evil);
	const char *html = out.text + strlen("<!DOCTYPE html>\n");
	ck_assert_int_eq(strncmp(out.text, "<!DOCTYPE html>\n", 16), 0);
	ck_assert_ptr_null(strstr(html, "<script"));
	ck_assert_ptr_null(strstr(html, "http:"));
	ck_assert_ptr_null(strstr(html, "https:"));
	assert_well_formed(html);
}
END_TEST

UNIT_MAIN("report/markup", text_is_escaped, elements_and_attributes, coordinates_are_short,
	markdown_is_plain_text, markdown_is_cut_at_a_character,
	a_page_is_well_formed_whatever_it_shows)
