// SPDX-License-Identifier: Apache-2.0
#include "report/html_page.hpp"

#include "report/html_report_text.hpp"

#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile::report {
namespace {

std::string sha256_source(std::string_view text) {
  const auto digest = sha256(text);
  return concat("'sha256-", base64(std::string(digest.begin(), digest.end())), "'");
}

}  // namespace

std::string page_head(std::string_view title, std::string_view css, std::string_view script) {
  return concat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src ",
                sha256_source(css), "; script-src ", sha256_source(script), "; base-uri 'none'; form-action 'none'\">",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
                "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\">",
                "<title>", escape_html(title), " \u2013 simile</title>\n<style>", css, "</style>\n<script>", script,
                "</script>\n</head>\n<body>\n");
}

}  // namespace simile::report
