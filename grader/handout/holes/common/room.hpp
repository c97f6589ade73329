    // STUDENT: Who is here? Several threads ask at the same time: see common/guarded.hpp.
