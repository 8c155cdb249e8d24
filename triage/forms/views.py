"""The name of a saved view."""

from flask_babel import lazy_gettext as _l
from wtforms.validators import DataRequired

from triage.forms import told
from triage.forms.base import PostedForm
from triage.forms.patients import text


class ViewForm(PostedForm):
    """What the tab says."""

    name = text(_l("Name of the view"), 40, DataRequired(told("name_needed")))
