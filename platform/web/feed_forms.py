"""What people say on the pages of their feed's settings; services judge what it means."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from feed.models.wishes import MAX_WORD_LENGTH, FeedSettings
from feed.policy.choices import Rules

NONE, LESS, ALL = "0", "0.3", "1"
STEPS = [(NONE, "None"), (LESS, "Less"), (ALL, "All")]
STATES = {
    "generated": "Made by a machine",
    "declared": "Made or changed with AI, says the author",
    "suspected": "Maybe made with AI",
    "none": "Nothing points to AI",
}
MINUTES = [("", "No limit"), *((str(one), f"{one} minutes") for one in (10, 15, 20, 30, 45, 60))]
LONG_MINUTES = [("90", "1½ hours"), ("120", "2 hours"), ("180", "3 hours"), ("240", "4 hours")]


class SteeringForm(forms.Form):
    """A sentence that steers the feed."""

    text = forms.CharField(label="More or less of what?")


class MutedWordForm(forms.Form):
    """A word to be muted."""

    word = forms.CharField(
        label="A word, a phrase or a hashtag",
        max_length=MAX_WORD_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "autocapitalize": "off"}),
    )


class TopicForm(forms.Form):
    """How much AI among clips about a topic."""

    topic = forms.CharField(
        label="Topic",
        max_length=MAX_WORD_LENGTH,
        widget=forms.TextInput(attrs={"dir": "auto", "placeholder": "portraits of people"}),
    )
    amount = forms.ChoiceField(label="AI among them", choices=STEPS[:2], widget=forms.RadioSelect)


class FeedSettingsForm(forms.Form):
    """How the feed is to be."""

    is_profiled = forms.BooleanField(
        label="Learn from what I watch",
        required=False,
        help_text="Off, nothing you do changes what you are shown, and nothing of it is kept; only "
        "what you say on this page and in words counts.",
    )
    plays_by_itself = forms.BooleanField(
        label="Clips play by themselves",
        required=False,
        help_text="Off, every clip waits until you start it.",
    )
    amount_generated = forms.ChoiceField(choices=STEPS, widget=forms.RadioSelect)
    amount_declared = forms.ChoiceField(choices=STEPS, widget=forms.RadioSelect)
    amount_suspected = forms.ChoiceField(choices=STEPS, widget=forms.RadioSelect)
    amount_none = forms.ChoiceField(choices=STEPS, widget=forms.RadioSelect)
    daily_minutes = forms.TypedChoiceField(
        label="At most a day", required=False, coerce=int, empty_value=None
    )
    session_minutes = forms.TypedChoiceField(
        label="At most at a time", required=False, coerce=int, empty_value=None
    )
    break_from = forms.TimeField(
        label="Rest from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    break_to = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.ChoiceField(label="Your time zone", required=False)

    def __init__(self, *args: Any, rules: Rules, kept: FeedSettings, **kwargs: Any) -> None:
        """Offer what the person's age leaves open, beside what they have."""
        super().__init__(*args, **kwargs)
        for state, title in STATES.items():
            self.fields[f"amount_{state}"].label = title
        lengths = MINUTES if rules.is_minor else MINUTES + LONG_MINUTES
        self._offer("daily_minutes", lengths[1:] if rules.is_minor else lengths)
        self._offer("session_minutes", MINUTES + LONG_MINUTES)
        zones = sorted(one for one in available_timezones() if "/" in one and one[:3] != "Etc")
        usual = (
            f"As this installation: {rules.zone}" if not kept.time_zone else "As this installation"
        )
        self._offer("time_zone", [("", usual), ("UTC", "UTC"), *((one, one) for one in zones)])
        if rules.is_minor:
            self.fields["is_profiled"].disabled = True
            self.fields["is_profiled"].help_text = "Nobody under 18 is profiled here."
        for name in ("daily_minutes", "session_minutes", "time_zone"):
            self._keep_offered(name, getattr(kept, name))

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        field.choices = choices

    def _keep_offered(self, name: str, value: object) -> None:
        """What was chosen by a program stays to be seen and kept."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        choices = list(field.choices)  # type: ignore[arg-type]
        if value and str(value) not in {str(one) for one, _ in choices}:
            shown = f"{value} minutes" if isinstance(value, int) else str(value)
            field.choices = [*choices, (str(value), shown)]

    def changes(self, *, is_minor: bool) -> dict[str, Any]:
        """The columns of the settings, as the service takes them."""
        data = dict(self.cleaned_data)
        for state in STATES:
            data[f"amount_{state}"] = float(data[f"amount_{state}"])
        if is_minor:
            del data["is_profiled"]
        return data


def settings_form(kept: FeedSettings, rules: Rules, data: Any = None) -> FeedSettingsForm:
    """The form, with what is in force in it."""
    initial: dict[str, Any] = {
        "is_profiled": rules.is_profiled,
        "plays_by_itself": rules.plays_by_itself,
        "daily_minutes": kept.daily_minutes or (rules.daily_minutes if rules.is_minor else ""),
        "session_minutes": kept.session_minutes or "",
        "break_from": kept.break_from,
        "break_to": kept.break_to,
        "time_zone": kept.time_zone,
    }
    for state in STATES:
        initial[f"amount_{state}"] = _step(getattr(kept, f"amount_{state}"))
    return FeedSettingsForm(data, initial=initial, rules=rules, kept=kept)


def _step(amount: float) -> str:
    if amount in {0, 1}:
        return NONE if amount == 0 else ALL
    return LESS
