#pragma once
#include <cstdint>
#include <string_view>

// A line on stdout: t=12.345 client=3 event=said text="..."
void note(uint64_t client, const char *event);
void note(uint64_t client, std::string_view text);
