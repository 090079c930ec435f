"""Closed lists of English words that the facts rest on: kin, roles around a person, trades, instruments, illnesses."""

from __future__ import annotations

from kernel.l0_insight import lexicon as lx


def any_of(words: list[str] | set[str] | frozenset[str] | dict[str, str]) -> str:
    """An alternation, longest word first."""
    return "|".join(sorted(words, key=lambda w: (-len(w), w)))


CAP = r"[A-ZÀ-ÞĀŌŪĒĪŠŽČĆĐŁŚÅÄÖØÆʻ'][\w'’ʻ-]*[\w]"
NAME = rf"(?P<name>{CAP}(?:\s(?:(?:de|da|dos|van|von|al|el|bin)\s)?{CAP}){{0,2}})"
PLACE = rf"(?:(?:the )?{CAP}(?:(?: |-| de | of | upon | la | le )(?!and\b){CAP}){{0,2}})"

_KIN_KEYS = {
    "mother": "mother mum mom mama mamma mummy mommy eomma mamá madre",
    "father": "father dad daddy papa papà papá appa",
    "sister": "sister twin-sister",
    "brother": "brother twin-brother",
    "twin": "twin",
    "son": "son",
    "daughter": "daughter",
    "grandmother": "grandmother grandma gran granny nan nana nonna abuela oma obaachan mormor farmor bestemor",
    "grandfather": "grandfather grandpa grandad granddad nonno abuelo opa morfar farfar bestefar",
    "aunt": "aunt auntie aunty tia tía zia",
    "uncle": "uncle tio tío zio",
    "cousin": "cousin",
    "niece": "niece",
    "nephew": "nephew",
    "partner": "partner wife husband boyfriend girlfriend fiancé fiancée",
    "granddaughter": "granddaughter",
    "grandson": "grandson",
    "godmother": "godmother",
    "godfather": "godfather",
    "stepmother": "stepmother",
    "stepfather": "stepfather",
    "mother_in_law": "mother-in-law",
    "father_in_law": "father-in-law",
    "sister_in_law": "sister-in-law",
    "brother_in_law": "brother-in-law",
    "son_in_law": "son-in-law",
    "daughter_in_law": "daughter-in-law",
    "manager": "manager boss supervisor",
}
KIN_KEY = {word: key for key, listed in _KIN_KEYS.items() for word in listed.split()}
KIN = any_of(KIN_KEY)
ADDRESSED = (
    "Mum|Mom|Mama|Mamma|Mamá|Dad|Daddy|Papa|Papà|Papá|Nonna|Nonno|Obaachan|Grandma|Grandpa|Gran|Nan|Mormor|Morfar"
)
"""Said as names of the owner's own people."""

_ROLE_KEYS = {
    "landlord": "landlord landlady",
    "doctor": "doctor GP",
    "physio": "physio physiotherapist",
    "therapist": "therapist psychologist",
    "dentist": "dentist",
    "vet": "vet",
    "accountant": "accountant bookkeeper",
    "lawyer": "lawyer solicitor",
    "hairdresser": "hairdresser barber",
    "teacher": "teacher instructor",
    "tutor": "tutor mentor",
    "coach": "coach",
    "apprentice": "apprentice",
    "assistant": "assistant",
    "colleague": "colleague co-worker coworker workmate",
    "flatmate": "flatmate roommate housemate",
    "neighbour": "neighbour neighbor",
    "friend": "friend",
}
ROLE_KEY = {word: key for key, listed in _ROLE_KEYS.items() for word in listed.split()}
ROLE = any_of(ROLE_KEY)
THE_ROLE = "landlord|landlady|physio|physiotherapist|dentist|vet|instructor|coach"
"""``the dentist`` of somebody's own note is theirs; ``the teacher`` may be anybody's."""
ANIMAL = any_of(lx.ANIMALS)

TRADES = (
    "er|or|ist|ian|yst|ant|ee|eer|man|woman|wright|smith|nurse|midwife|cook|chef|judge|clerk|monk|nun|pilot|coach|guard|"
    "scientist|architect|student|therapist|vet|notary|apprentice|shepherd|luthier|paramedic|mechanic|translator"
)
NOT_TRADES = lx.words(
    "member owner customer sister brother father mother daughter lover beginner believer sinner liar foreigner stranger "
    "passenger winner loser non-smoker smoker sleeper person adult giant man woman vegetarian soprano outsider human "
    "christian italian goalkeeper regular runner-up citizen survivor planner listener reader eater talker german "
    "norwegian korean canadian american libertarian grandmother grandfather number monster vegan wonder"
) | {"morning person"}
LANGUAGES = (
    "English|Korean|French|German|Spanish|Italian|Portuguese|Dutch|Norwegian|Swedish|Danish|Finnish|Polish|Czech|Russian|"
    "Ukrainian|Arabic|Farsi|Dari|Persian|Turkish|Hindi|Urdu|Bengali|Tamil|Malayalam|Kannada|Chinese|Mandarin|Cantonese|"
    "Japanese|Vietnamese|Thai|Tagalog|Swahili|Kikuyu|Igbo|Yoruba|Amharic|Wolof|Tongan|Samoan|Māori|Hawaiian|Serbian|"
    "Croatian|Bosnian|Hungarian|Romanian|Greek|Hebrew|Welsh|Irish|Catalan|Basque|Neapolitan"
)
INSTRUMENTS = (
    "piano|violin|viola|cello|double bass|bass|guitar|ukulele|banjo|mandolin|harp|flute|clarinet|oboe|bassoon|saxophone|"
    "sax|trumpet|trombone|tuba|horn|drums|accordion|concertina|organ|fiddle|recorder|harmonica|kora|oud|sitar|tabla|gayageum|"
    "haegeum|bagpipes|Hardanger fiddle"
)
VOICES = "soprano|mezzo-soprano|mezzo|alto|tenor|baritone|bass"
GAMES = (
    "football|volleyball|basketball|handball|tennis|badminton|squash|cricket|rugby|hockey|golf|baseball|softball|chess|"
    "go|bridge|poker|darts|snooker|water polo|table tennis|ultimate"
)
ILLNESSES = (
    "asthma|diabetes|type [12] diabetes|Crohn's disease|Crohn's|coeliac disease|celiac disease|tendinitis|tendonitis|"
    "migraines?|arthritis|eczema|psoriasis|epilepsy|hay fever|insomnia|an(?:a)?emia|high blood pressure|sciatica|tinnitus|"
    "glaucoma|osteoporosis|carpal tunnel|endometriosis|depression|ADHD|dyslexia|vertigo|gout|lupus|angina"
)
_NUMBER_WORDS = {
    word: n
    for n, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        ).split()
    )
}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
NOT_NAMES = set(
    (
        "I Day Christmas Easter Sunday Monday Tuesday Wednesday Thursday Friday Saturday The And But She He His Her We "
        "It My In At On English French German"
    ).split()
)
MONTHS = set("January February March April May June July August September October November December".split())
TITLES = "Frau|Herr|Dr|Dra|Prof|Professor|Mr|Mrs|Ms|Miss|Madame|Monsieur|Signora|Signor|Señora|Señor|Doña|Don|Fru"


def number(text: str) -> int | None:
    """``forty-two`` -> 42."""
    lowered = text.lower()
    if lowered.isdigit():
        return int(lowered)
    if lowered in _NUMBER_WORDS:
        return _NUMBER_WORDS[lowered]
    tens, _, unit = lowered.partition("-")
    if tens in _TENS and (not unit or 0 < _NUMBER_WORDS.get(unit, 0) < 10):
        return _TENS[tens] + _NUMBER_WORDS.get(unit, 0)
    return None


def clean_name(name: str) -> str:
    """A name without a genitive, months and words that only look like names; empty if nothing is left."""
    words = name.split()
    while words and (words[-1] in NOT_NAMES or words[-1] in MONTHS):
        words.pop()
    if not words or words[0] in NOT_NAMES | MONTHS:
        return ""
    cleaned = " ".join(words)
    return cleaned.removesuffix("'s").removesuffix("’s")
