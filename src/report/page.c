#include "mlops/report/page.h"

#include <string.h>

#include "mlops/report/markup.h"

/*
 * Okabe and Ito's eight colours (jfly.uni-koeln.de/color), darkened or lightened where they would
 * have less than 3 : 1 contrast to the ground of their mode.
 */
#define PAGE_LIGHT                                                                                 \
	"--ground:#ffffff;--panel:#f6f7f9;--ink:#1b1f24;--muted:#5b6470;--line:#d8dde3;"           \
	"--good:#00684a;--bad:#a33400;--heat:#00507f;"                                             \
	"--series-1:#0072b2;--series-2:#c04f00;--series-3:#00805c;--series-4:#a8457f;"             \
	"--series-5:#8a6a00;--series-6:#2f7fb5;--series-7:#6b6b6b;--series-8:#1b1f24;"
#define PAGE_DARK                                                                                  \
	"--ground:#14171b;--panel:#1d2126;--ink:#e6e9ed;--muted:#9aa4b0;--line:#363d45;"           \
	"--good:#4cc59b;--bad:#f08a4b;--heat:#56b4e9;"                                             \
	"--series-1:#56b4e9;--series-2:#e69f00;--series-3:#2fbf90;--series-4:#dd8fc0;"             \
	"--series-5:#f0e442;--series-6:#7fa8ff;--series-7:#a8a8a8;--series-8:#e6e9ed;"

static const char page_style[] =
	":root{color-scheme:light dark;" PAGE_LIGHT "}"
	"@media(prefers-color-scheme:dark){:root{" PAGE_DARK "}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--ground);color:var(--ink);"
	"font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}"
	"main{max-width:1120px;margin:0 auto;padding:28px 24px 48px}"
	"h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}"
	"h2{font-size:18px;margin:40px 0 8px}"
	"p{margin:6px 0;max-width:78ch}"
	".subtitle,.note{color:var(--muted)}.note{font-size:13px}"
	".verdict{margin:18px 0;padding:10px 14px;border-left:4px solid var(--muted);"
	"background:var(--panel);font-size:17px;max-width:none;overflow-wrap:anywhere}"
	".verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;"
	"margin:18px 0;padding:0;list-style:none}"
	".tiles li{background:var(--panel);border-radius:8px;padding:12px 14px;min-width:0}"
	".tiles .name,.tiles .value,.tiles .extra{display:block;overflow-wrap:anywhere}"
	".tiles .name{color:var(--muted);font-size:13px}"
	".tiles .value{font-size:28px;line-height:1.25;font-variant-numeric:tabular-nums}"
	".tiles .extra{color:var(--muted);font-size:13px;font-variant-numeric:tabular-nums}"
	".figures{display:flex;flex-wrap:wrap;gap:20px 28px;align-items:flex-start}"
	"figure{margin:8px 0;max-width:100%;break-inside:avoid}"
	"figcaption{color:var(--muted);font-size:13px;max-width:52ch}"
	"svg{max-width:100%;height:auto;display:block}"
	"svg text{font-family:inherit;font-size:12px;fill:var(--ink)}"
	"svg .axis{fill:var(--muted)}svg .inverse text{fill:var(--ground)}"
	".scroll{overflow-x:auto}"
	"table{border-collapse:collapse;margin:10px 0;font-size:14px}"
	"th,td{padding:4px 14px 4px 0;text-align:left;vertical-align:top;"
	"border-bottom:1px solid var(--line)}"
	"td{overflow-wrap:break-word;min-width:4ch;max-width:48ch}"
	"th{color:var(--muted);font-weight:500;white-space:nowrap}"
	".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	"tr.strong td{font-weight:600}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 18px;margin:10px 0}"
	"dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere;min-width:0}"
	"summary{cursor:pointer;color:var(--muted);margin:10px 0}"
	"footer{margin-top:44px;color:var(--muted);font-size:13px}"
	"@media(max-width:560px){dl{grid-template-columns:1fr}dd{margin-bottom:6px}}"
	"@media print{:root{color-scheme:light;" PAGE_LIGHT "}main{max-width:none;padding:0}"
	"body{font-size:11pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}"
	"h2{break-after:avoid}tr,li{break-inside:avoid}}";

void page_begin(struct strbuf *out, const char *title, const char *subtitle)
{
	strbuf_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
			"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>"
			/* Nothing on the page may load or run anything, whatever its texts hold. */
			"<meta http-equiv=\"Content-Security-Policy\" "
			"content=\"default-src 'none'; style-src 'unsafe-inline'\"/>");
	markup_element(out, "title", title);
	strbuf_printf(out, "<style>%s</style></head>\n<body><main><header>", page_style);
	markup_element(out, "h1", title);
	if (subtitle) {
		markup_open(out, "p", "class", "subtitle", NULL);
		markup_text(out, subtitle);
		markup_close(out, "p");
	}
	strbuf_add(out, "</header>\n");
}

void page_end(struct strbuf *out, const char *footer)
{
	if (footer)
		markup_element(out, "footer", footer);
	strbuf_add(out, "</main></body></html>\n");
}

void page_verdict(struct strbuf *out, const char *tone, const char *sentence)
{
	AUTO(strbuf_release) struct strbuf class = STRBUF_INIT;
	strbuf_printf(&class, "verdict %s", tone);
	strbuf_inherit(out, &class);
	markup_open(out, "p", "class", class.text, NULL);
	markup_text(out, sentence);
	strbuf_add(out, "</p>\n");
}

static void page_span(struct strbuf *out, const char *class, const char *text)
{
	markup_open(out, "span", "class", class, NULL);
	markup_text(out, text);
	markup_close(out, "span");
}

void page_tiles(struct strbuf *out, const struct page_tile *tiles, size_t count)
{
	if (count == 0)
		return;
	strbuf_add(out, "<ul class=\"tiles\">");
	for (size_t i = 0; i < count; i++) {
		strbuf_add(out, "<li>");
		page_span(out, "name", tiles[i].name);
		page_span(out, "value", tiles[i].value);
		if (tiles[i].note)
			page_span(out, "extra", tiles[i].note);
		strbuf_add(out, "</li>");
	}
	strbuf_add(out, "</ul>\n");
}

void page_section_begin(struct strbuf *out, const char *title, const char *text)
{
	strbuf_add(out, "<section>");
	markup_element(out, "h2", title);
	if (text)
		markup_element(out, "p", text);
}

void page_section_end(struct strbuf *out)
{
	strbuf_add(out, "</section>\n");
}

void page_figures_begin(struct strbuf *out)
{
	strbuf_add(out, "<div class=\"figures\">");
}

void page_figure_begin(struct strbuf *out, const char *caption)
{
	strbuf_add(out, "<figure>");
	if (caption)
		markup_element(out, "figcaption", caption);
}

void page_figure_end(struct strbuf *out)
{
	strbuf_add(out, "</figure>\n");
}

void page_figures_end(struct strbuf *out)
{
	strbuf_add(out, "</div>\n");
}

void page_table_begin(struct strbuf *out, const struct page_column *columns, size_t count)
{
	strbuf_add(out, "<div class=\"scroll\"><table><thead><tr>");
	for (size_t i = 0; i < count; i++) {
		markup_open(out, "th", "scope", "col", "class", columns[i].number ? "number" : NULL,
			NULL);
		markup_text(out, columns[i].title);
		markup_close(out, "th");
	}
	strbuf_add(out, "</tr></thead><tbody>\n");
}

void page_table_row(struct strbuf *out, const struct page_column *columns, const char *const *cells,
	size_t count, bool strong)
{
	markup_open(out, "tr", "class", strong ? "strong" : NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		markup_open(out, "td", "class", columns[i].number ? "number" : NULL, NULL);
		markup_text(out, cells[i]);
		markup_close(out, "td");
	}
	strbuf_add(out, "</tr>\n");
}

void page_table_end(struct strbuf *out)
{
	strbuf_add(out, "</tbody></table></div>\n");
}

void page_facts_begin(struct strbuf *out)
{
	strbuf_add(out, "<dl>");
}

void page_fact(struct strbuf *out, const char *name, const char *value)
{
	markup_element(out, "dt", name);
	markup_element(out, "dd", value);
}

void page_facts_end(struct strbuf *out)
{
	strbuf_add(out, "</dl>\n");
}

void page_note(struct strbuf *out, const char *text)
{
	markup_open(out, "p", "class", "note", NULL);
	markup_text(out, text);
	strbuf_add(out, "</p>\n");
}

void page_details_begin(struct strbuf *out, const char *summary)
{
	strbuf_add(out, "<details>");
	markup_element(out, "summary", summary);
}

void page_details_end(struct strbuf *out)
{
	strbuf_add(out, "</details>\n");
}
