"""What a release attaches, what a commit holds of the reports, and the check that both are what is made."""

import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from tools import check_reports, release

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
CEILING = 12_000_000
"""Bytes of reports/ that may be committed."""


def committed(root):
    """The files of reports/ that git holds or would add."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "reports"]
    names = subprocess.run(words, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    return [root / name for name in names if name and (root / name).is_file()]


def test_the_committed_part_of_the_reports_stays_below_its_ceiling():
    sizes = {path.relative_to(ROOT): path.stat().st_size for path in committed(ROOT)}
    largest = sorted(sizes, key=sizes.get, reverse=True)[:5]
    assert sum(sizes.values()) < CEILING, f"the largest: {', '.join(map(str, largest))}"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "assets/charts/age-cliffs-fr.png",
            "assets/charts/age-cliffs-fr.svg",
            "dictionary.csv",
            "assets/social/fr-index.png",
            "fr/rules/for-old.html",
        ),
        *("en/notebooks/05_age.html", "fr/findings/05_age.html", "en/findings/05_age.html"),
    ],
)
def test_what_a_build_makes_for_reading_only_is_not_committed(name):
    assert (
        subprocess.run(["git", "check-ignore", "-q", f"reports/{name}"], cwd=ROOT, check=False).returncode
        == 0
    )


def test_nothing_of_what_readers_check_is_left_out_of_commits():
    for name in (
        "findings.json",
        "fr/index.html",
        "tables/age.cliffs.csv",
    ):
        done = subprocess.run(["git", "check-ignore", "-q", f"reports/{name}"], cwd=ROOT, check=False)
        assert done.returncode == 1, name


# ---- a release


@pytest.fixture
def site(tmp_path):
    """A site of a few pages."""
    folder = tmp_path / "reports"
    for language in ("fr", "en"):
        (folder / language / "rules").mkdir(parents=True)
        for page in release.PAGES:
            page_of = folder / language / f"{page.slug}.html"
            page_of.write_text(f"<!doctype html><title>{page.slug}</title><p>é", "utf-8")
    return folder


def test_a_zip_of_the_same_files_is_the_same_to_the_byte(site, tmp_path):
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    release.archive(site, one)
    for path in site.rglob("*.html"):
        path.touch()
    release.archive(site, other)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as file:
        assert file.read("reports/fr/index.html").decode() == "<!doctype html><title>index</title><p>é"
        assert len(file.namelist()) == 2 * len(release.PAGES)


def test_checksums_are_read_by_the_usual_program(site, tmp_path):
    target = tmp_path / "release"
    assert release.main(["--only", "zip"], site, target) == 0
    assert {p.name for p in target.iterdir()} == {"bobanalysis-site.zip", "SHA256SUMS"}
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=target, check=True, capture_output=True
    )
    (target / "bobanalysis-site.zip").write_bytes(b"other")
    spoilt = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=target, capture_output=True, check=False
    )
    assert spoilt.returncode == 1


def test_a_folder_without_the_pages_of_a_build_is_refused(site, tmp_path, capsys):
    (site / "fr" / "rules").rmdir()
    assert release.main([], site, tmp_path / "release") == 1
    assert "make reports first" in capsys.readouterr().err


def test_a_story_of_too_many_sheets_is_named(site, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(release, "pdfs", lambda reports, target: iter([("a.pdf", 9), ("b.pdf", 10)]))
    assert release.main(["--only", "pdf"], site, tmp_path / "release") == 1
    said = capsys.readouterr().err
    assert "b.pdf" in said
    assert "a.pdf" not in said


@pytest.mark.browser
def test_a_page_is_printed(browser, site, tmp_path):
    (site / "fr" / "age.html").write_text('<!doctype html><p style="break-after: page">one<p>two', "utf-8")
    assert release.printed(browser, site / "fr" / "age.html", tmp_path / "age.pdf") == 2


def test_summary_and_every_story_are_printed():
    printed = {page.slug for page in release.PAGES if page.section in release.SECTIONS}
    assert {"summary", "age", "place", "decides", "effect", "backers", "known"} <= printed
    assert "questions" not in printed


# ---- the check of what is committed


def git(folder, *words):
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=folder, check=True)


@pytest.fixture
def project(tmp_path):
    """A project whose build writes one page."""
    root = tmp_path / "project"
    (root / "reports").mkdir(parents=True)
    (root / "src").mkdir()
    (root / "src" / "made.py").write_text("open('reports/page.html', 'w').write('one')\n")
    (root / "reports" / "page.html").write_text("one")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    return root


def check(project):
    return check_reports.main(project, ("-m", "made"))


def test_reports_that_the_build_makes_pass_and_nothing_changes_in_place(project, capfd):
    before = {p: p.stat().st_mtime_ns for p in (project / "reports").iterdir()}
    assert check(project) == 0
    assert {p: p.stat().st_mtime_ns for p in (project / "reports").iterdir()} == before
    assert "Every committed report is what the notebooks make" in capfd.readouterr().out


@pytest.mark.parametrize(
    "build",
    [
        "open('reports/page.html', 'w').write('two')",
        "open('reports/more.html', 'w').write('new')",
        "import os; os.remove('reports/page.html')",
    ],
)
def test_a_report_that_differs_is_new_or_is_gone_fails_the_check(project, build, capfd):
    (project / "src" / "made.py").write_text(build)
    git(project, "commit", "-qam", "two")
    assert check(project) == 1
    said = capfd.readouterr().out
    assert "are not those that the notebooks make" in said
    assert ".html" in said


def test_a_build_that_fails_fails_the_check(project):
    (project / "src" / "made.py").write_text("raise SystemExit(3)")
    git(project, "commit", "-qam", "three")
    assert check(project) == 3


def test_what_is_not_committed_is_named(project, capfd):
    (project / "src" / "new.py").write_text("")
    assert check(project) == 0
    assert "src/new.py" in capfd.readouterr().out


def test_the_check_runs_on_the_clone_and_not_on_the_installed_project(project, capfd):
    (project / "src" / "made.py").write_text("import made; print('from', made.__file__)")
    git(project, "commit", "-qam", "four")
    check(project)
    assert "check-reports-" in capfd.readouterr().out


# ---- the workflows


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_calls_only_what_make_can_do(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    targets = {
        line.split(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "##" in line
    }
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    called = [s["run"].split()[1] for s in steps if s.get("run", "").startswith("make ")]
    assert called
    assert set(called) <= targets
    for step in steps:
        assert ("run" in step) != ("uses" in step)
        assert "@" in step.get("uses", "@")


def test_a_tag_publishes_the_site_and_attaches_files_only_after_the_check():
    workflow = yaml.safe_load((WORKFLOWS / "release.yml").read_text("utf-8"))
    assert workflow[True] == {"push": {"tags": ["v*"]}}  # YAML reads the word on as true
    jobs = workflow["jobs"]
    runs = [step.get("run", "") for step in jobs["make"]["steps"]]
    assert runs.index("make check-reports") < runs.index("make release")
    assert jobs["publish"]["needs"] == jobs["attach"]["needs"] == "make"
    assert jobs["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert jobs["attach"]["permissions"] == {"contents": "write"}
    assert any("actions/deploy-pages@" in step.get("uses", "") for step in jobs["publish"]["steps"])
    assert any("gh release create" in step.get("run", "") for step in jobs["attach"]["steps"])
