// Wiring only: filled in with the service kit.
int main() { return 0; }
