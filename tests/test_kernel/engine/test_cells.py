"""The book-keeping of shared cells agrees with counting every cell one by one."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.engine.cells import Resident, cells_of, common_prefix


@given(st.lists(st.integers(0, 2), max_size=30), st.lists(st.integers(0, 2), max_size=30))
def test_common_prefix(one: list[int], other: list[int]) -> None:
    length = common_prefix(one, other)
    assert one[:length] == other[:length]
    assert length == min(len(one), len(other)) or one[length] != other[length]


actions = st.lists(
    st.tuples(st.sampled_from(["new", "share", "grow", "drop"]), st.integers(0, 30), st.integers(0, 30)), max_size=60
)


@given(actions)
def test_cells_in_use_are_exact(steps: list[tuple[str, int, int]]) -> None:
    """Against a model in which every cell has a name of its own and residents hold sets of them."""
    residents: list[tuple[Resident, list[int]]] = []
    names = iter(range(10**6))
    for action, which, amount in steps:
        if action == "new":
            residents.append((Resident(0, []), []))
        elif residents:
            resident, cells = residents[which % len(residents)]
            if action == "share":
                shared = min(amount, resident.computed)
                residents.append((Resident(0, [], resident, shared), cells[:shared]))
            elif action == "grow":
                resident.computed += amount
                cells += [next(names) for _ in range(amount)]
            else:
                residents.pop(which % len(residents))
        held = {cell for _, cells in residents for cell in cells}
        assert cells_of([resident for resident, _ in residents]) == len(held)
