"""What travels over HTTP, apart from the kernel's own structs: names here are a promise to clients."""
