/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain (chain.c) of C++: a method, a template and a lambda. */
#include <sys/ipc.h>
#include <sys/shm.h>

static volatile int sink;

namespace links
{
namespace
{
inline __attribute__((always_inline)) int call(size_t size)
{
	return shmget(0x73686d74, size, 0); /* from call */
}

template <typename T> __attribute__((noinline)) int b(T number)
{
	sink = call(static_cast<size_t>(number)); /* from b */
	return sink + number;
}
}

class Chain {
      public:
	__attribute__((noinline)) int a(int number)
	{
		const auto c = [](int more) __attribute__((noinline)) {
			sink = b<long>(more); /* from c */
			return sink + more;
		};

		sink = c(number + 1); /* from a */
		return sink + number;
	}
};
}

int main(int argc, char **)
{
	links::Chain chain;

	sink = chain.a(argc); /* from main */
	return sink != 0;
}
