"""What a log holds, what is wrong with it, and what it can support, before anything is fitted."""

from graphrec.doctor.examination import Examination, examine
from graphrec.doctor.findings import Finding, findings
from graphrec.doctor.page import write_page
from graphrec.doctor.report import facts_in_words, report_data
from graphrec.doctor.verdicts import Verdict, verdicts

__all__ = [
    "Examination",
    "Finding",
    "Verdict",
    "examine",
    "facts_in_words",
    "findings",
    "report_data",
    "verdicts",
    "write_page",
]
