// Each type has two of the types before it, and another name.
template <int N, class A, class B> struct Pair : Pair<N + 1, Pair<N, A, B>, B>, Pair<N + 2, B, A> {};
int main() { return sizeof(Pair<0, int, char>); }
