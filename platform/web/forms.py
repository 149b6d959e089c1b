"""What people type, and nothing of what it means: services judge that."""

from typing import Any

from django import forms
from django.conf import settings

from clips.models import Clip, Privacy
from generation.orders import Order, Posting
from generation.pictures import MOST_BYTES
from generation.selectors import offered_engines
from moderation.policy.reporting import REPORTABLES
from moderation.services.notices import Report, TakedownRequest
from social.models.notifications import Kind
from social.selectors.notifications import Wanted
from uploads.orders import UploadOrder

PRIVACY_WORDS = [
    (Privacy.PUBLIC, "Everybody"),
    (Privacy.FOLLOWERS, "My followers"),
    (Privacy.MUTUALS, "People I follow who follow me"),
    (Privacy.ONLY_ME, "Only me"),
]


class PostingForm(forms.Form):
    """What an author says of a clip."""

    caption = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    hashtags = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"dir": "auto", "placeholder": "calm snow"})
    )
    privacy = forms.ChoiceField(
        label="Who may see it", choices=PRIVACY_WORDS, initial=Privacy.PUBLIC
    )

    def words(self) -> dict[str, Any]:
        """The keyword arguments of posting and editing."""
        data = self.cleaned_data
        return {
            "caption": data["caption"],
            "hashtags": data["hashtags"].replace(",", " ").split(),
            "privacy": data["privacy"],
        }


class ChangeForm(PostingForm):
    """What an author changes of a clip."""

    allows_remixes = forms.BooleanField(
        label="Others may remix it",
        required=False,
        help_text="They begin with its words; their clip says that it comes from yours.",
    )

    def words(self) -> dict[str, Any]:
        """The keyword arguments of editing."""
        return {**super().words(), "allows_remixes": self.cleaned_data["allows_remixes"]}


class OrderForm(PostingForm):
    """A request for a video; `remix_of` is the clip it begins with."""

    remix_of = forms.UUIDField(required=False, widget=forms.HiddenInput)

    prompt = forms.CharField(
        label="Your sentence",
        widget=forms.Textarea(
            attrs={"rows": 4, "dir": "auto", "placeholder": "a panda bouncing in the snow"}
        ),
    )
    model = forms.ChoiceField()
    size = forms.ChoiceField(label="Shape")
    seconds = forms.ChoiceField(label="Length")
    seed = forms.IntegerField(
        required=False, help_text="The same words and seed make the same clip."
    )
    steps = forms.IntegerField(required=False, help_text="More take longer.")
    negative_prompt = forms.CharField(
        label="What to avoid", required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    is_to_be_posted = forms.BooleanField(
        label="Post it when it is finished",
        required=False,
        initial=True,
        help_text="It is looked at first, and then shown.",
    )

    picture = forms.FileField(
        label="Begin with a picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        allow_empty_file=True,
        help_text=f"JPEG, PNG or WebP, at most {MOST_BYTES // (1024 * 1024)} MB; cut to the shape. "
        "It is checked, and forgotten when the clip is made.",
    )

    DETAILS = ("model", "seed", "steps", "negative_prompt")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what the engines offer."""
        super().__init__(*args, **kwargs)
        engines = offered_engines()
        sizes = dict.fromkeys(f"{w}x{h}" for one in engines for w, h in one.sizes)
        lengths = dict.fromkeys(length for one in engines for length in one.lengths)
        if not any(one.takes_picture for one in engines):
            del self.fields["picture"]
        self._offer("model", [(one.id, one.id) for one in engines])
        self._offer("size", [(size, _shape(size)) for size in sizes])
        self._offer("seconds", [(length, f"{length} seconds") for length in lengths])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        field.choices = choices

    @property
    def has_detail_errors(self) -> bool:
        """Whether something folded away needs to be seen."""
        return any(name in self.errors for name in self.DETAILS)

    def order(self) -> Order:
        """The request in the words of the service."""
        data = self.cleaned_data
        picture = data.get("picture")
        return Order(
            prompt=data["prompt"],
            picture=picture.read(MOST_BYTES + 1) if picture is not None else None,
            model=data["model"],
            negative_prompt=data["negative_prompt"],
            seconds=data["seconds"],
            size=data["size"],
            seed=data["seed"],
            inference_steps=data["steps"],
            posting=Posting(**self.words()) if data["is_to_be_posted"] else None,
        )


class UploadForm(PostingForm):
    """A file, and what its owner says of it."""

    file = forms.FileField(
        label="The video",
        widget=forms.FileInput(attrs={"accept": "video/mp4,video/quicktime,video/webm"}),
        allow_empty_file=True,
    )
    ai = forms.ChoiceField(
        choices=[("yes", "Yes, all of it or a part"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it was made or changed with AI."},
    )
    tool = forms.CharField(
        label="With which tool", required=False, help_text="Only you and moderators see this."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what is taken."""
        super().__init__(*args, **kwargs)
        most = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        seconds = f"{settings.UPLOAD_SECONDS:g}"
        kinds = f"MP4, MOV or WebM, {most} MB and {seconds} seconds at most."
        self.fields["file"].help_text = kinds

    def order(self) -> UploadOrder:
        """The request in the words of the service."""
        data = self.cleaned_data
        is_declared = data["ai"] == "yes"
        return UploadOrder(is_declared=is_declared, tool=data["tool"], **self.words())


class ProfileForm(forms.Form):
    """What others read of a person."""

    picture = forms.FileField(
        required=False,
        help_text="JPEG, PNG or WebP, at most 5 MB.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    display_name = forms.CharField(
        label="Name", required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    bio = forms.CharField(
        label="About you",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class BirthYearForm(forms.Form):
    """The year of birth."""

    birth_year = forms.IntegerField(
        label="Year of birth",
        help_text="Only the year. Nobody else sees it; it decides what you are shown. "
        "An earlier year than the one you gave, only a moderator can set.",
        widget=forms.NumberInput(attrs={"autocomplete": "bday-year", "inputmode": "numeric"}),
    )


class KeyForm(forms.Form):
    """A new key's name."""

    name = forms.CharField(
        label="Name of the new key", widget=forms.TextInput(attrs={"placeholder": "my laptop"})
    )


def posting_form_of(clip: Clip, data: Any = None) -> ChangeForm:
    """The form that edits what is said of `clip`."""
    initial = {
        "caption": clip.caption,
        "hashtags": " ".join(clip.hashtags),
        "privacy": clip.privacy,
        "allows_remixes": clip.allows_remixes,
    }
    return ChangeForm(data, initial=initial)


def _shape(size: str) -> str:
    width, height = (int(side) for side in size.split("x"))
    shape = "upright" if height > width else "wide" if width > height else "square"
    return f"{shape}, {width} by {height}"


class VerifyForm(forms.Form):
    """A file to be looked at, or the address of a clip here."""

    file = forms.FileField(
        label="A video or a picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": "video/*,image/jpeg,image/png,image/webp"}),
        help_text="MP4, MOV, WebM, JPEG, PNG or WebP, 64 MB and three minutes at most.",
    )
    url = forms.CharField(
        label="Or the address of a clip here",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        data = super().clean() or {}
        if not self.errors and data.get("file") is None and not data.get("url"):
            raise forms.ValidationError("Choose a file, or write the address of a clip here.")
        return data


class AppealForm(forms.Form):
    """What is wrong with a decision."""

    text = forms.CharField(
        label="Why is it wrong?", widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"})
    )
    quoted = forms.CharField(
        label="The words that were refused",
        required=False,
        strip=False,
        help_text="We do not keep refused words. Paste them exactly, so that a person can judge.",
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class ReportForm(forms.Form):
    """What somebody reports."""

    content = forms.CharField(
        label="What is it about?",
        max_length=500,
        help_text="The address of the clip, the comment or the profile.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "off"}),
    )
    category = forms.ChoiceField(
        label="What is wrong with it?",
        choices=[("", "Choose …"), *((one.name, one.title) for one in REPORTABLES.values())],
    )
    explanation = forms.CharField(
        label="Tell us more",
        help_text="What do you see, and why is it against the law or the rules?",
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    name = forms.CharField(
        label="Your name",
        required=False,
        help_text="Not needed when a child is shown or described in a sexual way.",
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = forms.EmailField(
        label="Your e-mail address",
        required=False,
        help_text="For the receipt and the answer. Who posted it does not learn who you are.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    good_faith = forms.BooleanField(
        label="What I say here is accurate and complete, to my knowledge.", required=False
    )

    def told(self) -> Report:
        """The report in the words of the service."""
        data = self.cleaned_data
        return Report(
            content=data["content"],
            category=data["category"],
            explanation=data["explanation"],
            name=data.get("name", ""),
            email=data.get("email", ""),
            is_in_good_faith=data["good_faith"],
        )


class TakedownForm(forms.Form):
    """A request under the TAKE IT DOWN Act."""

    content = forms.CharField(
        label="Which clip?",
        max_length=500,
        help_text="Its address, as the browser shows it.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "off"}),
    )
    relation = forms.ChoiceField(
        label="Whom does it show?",
        choices=[
            ("", "Choose …"),
            ("depicted", "Me"),
            ("representative", "Somebody I am allowed to speak for"),
        ],
    )
    explanation = forms.CharField(
        label="How can we see that?",
        help_text="Where and when in the clip, and that nobody agreed to it being published.",
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    name = forms.CharField(
        label="Your name",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = forms.EmailField(
        label="Your e-mail address",
        required=False,
        help_text="Who posted it does not learn who you are.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    good_faith = forms.BooleanField(
        label="I believe in good faith that it was published without the consent of who it shows, "
        "and what I say here is true.",
        required=False,
    )
    signature = forms.CharField(
        label="Sign with your full name",
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    def told(self) -> TakedownRequest:
        """The request in the words of the service."""
        data = self.cleaned_data
        return TakedownRequest(
            content=data["content"],
            explanation=data["explanation"],
            name=data.get("name", "") or data["signature"],
            email=data.get("email", ""),
            relation=data["relation"],
            signature=data["signature"],
            is_in_good_faith=data["good_faith"],
        )


class GuestFeedForm(forms.Form):
    """A feed of one's own."""

    name = forms.CharField(widget=forms.TextInput(attrs={"dir": "auto"}))
    description = forms.CharField(
        label="What is in it?",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    url = forms.CharField(
        label="Address of its server",
        help_text="We ask it right away, and it has to answer.",
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocapitalize": "off", "placeholder": "https://"}
        ),
    )


class CollectionForm(forms.Form):
    """A collection's title, and who may see it."""

    title = forms.CharField(max_length=60, widget=forms.TextInput(attrs={"dir": "auto"}))
    is_public = forms.BooleanField(
        label="Everybody may see it",
        required=False,
        help_text="On your page. Otherwise only you see it.",
    )


class NotificationsForm(forms.Form):
    """What somebody wants to be told."""

    kinds = forms.MultipleChoiceField(
        label="Tell me, here in Reverie, when",
        required=False,
        choices=[
            (Kind.FOLLOW, "somebody follows me"),
            (Kind.LIKE, "somebody likes a clip of mine"),
            (Kind.COMMENT, "somebody comments on a clip of mine"),
            (Kind.REPLY, "somebody answers me"),
            (Kind.MENTION, "somebody mentions me"),
            (Kind.REMIX, "somebody makes a clip from mine"),
            (Kind.PUBLISHED, "a clip of mine is published"),
            (Kind.HELD, "a clip of mine waits for a person to look at it"),
            (Kind.REJECTED, "a clip of mine is not published"),
            (Kind.WITHDRAWN, "a clip of mine is taken down"),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    wants_digest = forms.BooleanField(
        label="Mail me once a day what I have not read",
        required=False,
        help_text="Only when there is something. Every mail has a link that ends it.",
    )

    @classmethod
    def of(cls, wanted: Wanted) -> "NotificationsForm":
        """The form as the person left it."""
        kinds = [kind for kind in Kind.values if wanted.wants(kind)]
        return cls(initial={"kinds": kinds, "wants_digest": wanted.wants_digest})

    def choice(self) -> dict[str, Any]:
        """The keyword arguments of `choose_notifications`."""
        kept = set(self.cleaned_data["kinds"])
        return {
            "unwanted": [kind for kind in Kind.values if kind not in kept],
            "wants_digest": self.cleaned_data["wants_digest"],
        }
