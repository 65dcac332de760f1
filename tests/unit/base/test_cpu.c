#include "unit.h"

#include "mlops/base/cpu.h"

START_TEST(it_can_be_forced_down_but_not_up)
{
	unsetenv("MLOPS_CPU");
	enum cpu_level best = cpu_level();
	for (enum cpu_level level = CPU_PORTABLE; level <= CPU_AVX512; level++) {
		setenv("MLOPS_CPU", cpu_level_name(level), 1);
		ck_assert_int_eq(cpu_level(), level < best ? level : best);
	}
	setenv("MLOPS_CPU", "nonsense", 1);
	ck_assert_int_eq(cpu_level(), best);
	ck_assert_str_eq(cpu_level_name(CPU_AVX2), "avx2");
}
END_TEST

UNIT_MAIN("base/cpu", it_can_be_forced_down_but_not_up)
