"""What becomes of files where nobody reads what is printed, as behind ``head -1``."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["evaluate", "audit"])
def test_a_command_whose_output_nobody_reads_writes_its_files(tmp_path, command):
    (tmp_path / "a.run").write_text("".join(f"p{n} Q0 x 1 1 t\n" for n in range(30)))
    (tmp_path / "a.qrels").write_text("".join(f"p{n} 0 x {n % 2}\n" for n in range(30)))
    (tmp_path / "a.csv").write_text("sex,told\n" + "F,1\nF,0\nM,1\n" * 20)
    asked = {
        "evaluate": ["a.run", "a.qrels", "--output", "o.json", "--output", "o.parquet"],
        "audit": ["a.csv", "--by", "sex", "--prediction", "told", "--output", "o.json", "--output", "o.html"],
    }[command]
    reader, writer = os.pipe()
    os.close(reader)
    call = [sys.executable, "-c", "from bobanalysis.cli import app; app()", command, *asked]
    done = subprocess.run(call, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, "Traceback" in done.stderr, "Broken pipe" in done.stderr) == (0, False, False)
    assert all((tmp_path / name).stat().st_size for name in asked if name.startswith("o."))
