# Lays files beside the parts that configure graders, or look like what one writes.
from pathlib import Path

PERFECT = '{"schema": "proactor-lab/result/v1", "status": "graded", "score": 100000, "checks": []}\n'
ALL_FAIL = 'parts = ["part_a"]\n[part_a]\nbuilds = "FAIL"\n'
HOOK = "def pytest_runtest_call(item): item.obj = lambda: None\n"
for folder in (Path("."), Path("part_a")):
    for name in ("result.json", "results.json", "part_a.jsonl", "build.json", "causes.json"):
        (folder / name).write_text(PERFECT)
    (folder / "expected.toml").write_text(ALL_FAIL)
    for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "pytest.py", "socket.py"):
        (folder / name).write_text(HOOK)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:grading\n")
    (folder / "lab.toml").write_text('name = "mine"\n')
Path("results").mkdir()
Path("grader/checks").mkdir(parents=True)
Path("grader/checks/conftest.py").write_text(HOOK)
Path("grader/lab.toml").write_text('name = "mine"\n')
