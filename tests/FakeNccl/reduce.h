// Element types and their reductions.
#pragma once
#include <stddef.h>

size_t fake_size(int type);

// Takes x into sum; the operation is 0 for the sum, 2 for the maximum, 3 for the minimum.
void fake_reduce(void* sum, const void* x, size_t count, int type, int operation);
