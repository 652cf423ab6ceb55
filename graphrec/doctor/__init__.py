"""What a log holds, what is wrong with it, and what it can support, before anything is fitted."""

from graphrec.doctor.examination import Examination, examine
from graphrec.doctor.findings import Finding, findings
from graphrec.doctor.page import write_page
from graphrec.doctor.verdicts import Verdict, verdicts

__all__ = ["Examination", "Finding", "Verdict", "examine", "findings", "verdicts", "write_page"]
