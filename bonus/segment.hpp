// A file in shared memory with one of the layouts: published by the server, opened by a client.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "bonus/layout.hpp"
#include "bonus/mapping.hpp"
#include "bonus/segment_file.hpp"

namespace lab {

// Owns the file and the mapping. `segment->slot` touches shared memory: not without a watch.
template <class Layout>
class Segment {
  public:
    // The server's: `file` is new, so all of it is zero, which is an empty layout.
    explicit Segment(SegmentFile file)
        : file_(std::move(file)), mapping_(file_.fd(), sizeof(Layout)) {}

    Layout* operator->() { return reinterpret_cast<Layout*>(mapping_.data()); }
    SegmentFile& file() { return file_; }
    Mapping& mapping() { return mapping_; }
    const Mapping& mapping() const { return mapping_; }

    // The server's: from now on clients take it for ready.
    void publish() {
        Header& header = (*this)->header;
        header.size = sizeof(Layout);
        header.version = kLayoutVersion;
        header.magic.store(kMagic, std::memory_order_release);  // LAB: magic-last
    }

    // A client's question before it uses anything else.
    bool is_published() {
        const Header& header = (*this)->header;
        return header.magic.load(std::memory_order_acquire) == kMagic &&
               header.version == kLayoutVersion && header.size == sizeof(Layout);
    }

  private:
    SegmentFile file_;
    Mapping mapping_;
};

}  // namespace lab
