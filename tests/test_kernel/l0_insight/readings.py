"""Sentences with the statements that a careful reader makes of them: ``subject | relation | words of the object``.

Conventions: ``not`` before a relation that is denied; a passive keeps its agent (``owner | bite | by dog``); what is
planned, wished or felt is a statement about planning, wishing, feeling. Nothing is made of questions, of conditions and
what follows from them, and of what others say in quotation marks; ``X says that …`` is a statement about X saying so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A note of a title and a text, and its statements."""

    title: str
    text: str
    statements: tuple[tuple[str, str, str], ...]


def readings(table: str) -> list[Reading]:
    """Blocks between blank lines: ``[title]`` if there is one, the text, and indented statements."""
    found = []
    for block in table.strip("\n").split("\n\n"):
        title, text, statements = "", [], []
        for line in block.splitlines():
            if line.startswith("    "):
                subject, relation, words = (part.strip() for part in line.split("|"))
                statements.append((subject, relation, words))
            elif line.startswith("["):
                title, _, line = line[1:].partition("] ")
                text.append(line)
            else:
                text.append(line)
        found.append(Reading(title or "A note", "\n".join(text), tuple(statements)))
    return found


ENGLISH = readings("""
I adopted Fathom on the third of May.
    owner | adopt | Fathom

My sister Ingrid teaches maths in Bergen.
    Ingrid | teach | maths Bergen

We sold the van and bought two folding bikes.
    owner | sell | van
    owner | buy | folding bikes

Went to the dentist, came home late and slept badly.
    owner | go | dentist
    owner | come | home
    owner | sleep | badly

Am reading Middlemarch for the third time.
    owner | read | Middlemarch

I was bitten by a dog behind the bakery.
    owner | bite | by dog

The shed was built by my grandfather in 1961.
    shed | build | by grandfather 1961

My cousin, who lives in Oslo, plays the tuba.
    My cousin | live | Oslo
    My cousin | play | tuba

The bike I bought last year has a cracked frame.
    owner | buy | bike
    bike | have | cracked frame

The woman who taught me to weave died in March.
    woman | teach | me weave
    woman | die | March

I don't drink or smoke.
    owner | not drink |
    owner | not smoke |

I have never been to Iceland.
    owner | not be | Iceland

I no longer eat meat.
    owner | not eat | meat

If I moved to Lisbon, I would sell the piano.

I would have bought the house if the roof had been sound.

Had I known about the strike, I would have taken the tram.

Should I take the job in Ghent?

I wonder whether Tomas still has my ladder.
    owner | wonder | Tomas ladder

I wish I had a garden.
    owner | wish | garden

If only I could play the cello!

I might go back to university in autumn.

Ruth says she has quit her job.
    Ruth | say | job

My doctor told me that I have low iron.
    My doctor | tell | me low iron

According to Nils, I snore like a tractor.

"I never liked Vienna," Petra wrote on the card.
    Petra | write | card

I swim every morning before work.
    owner | swim | morning work

On Sundays we bake bread and my father makes soup.
    owner | bake | bread
    My father | make | soup

I used to play the clarinet.
    owner | use | play clarinet

Two weeks ago Amina and I signed the lease.
    owner | sign | lease

Last winter I broke my wrist and missed the choir tour.
    owner | break | wrist
    owner | miss | choir tour

I'm allergic to walnuts, and my brother can't eat gluten.
    owner | be | allergic walnuts
    My brother | not eat | gluten

I have to renew my passport before 3 May.
    owner | have | renew passport

I want to learn Welsh.
    owner | want | learn Welsh

I hate cilantro but love parsley.
    owner | hate | cilantro
    owner | love | parsley

My favourite composer is Fauré.
    My favourite composer | be | Fauré

Marta and Luis live above the bakery.
    Marta and Luis | live | bakery

Neither Oskar nor I can drive.
    owner | not drive |

I asked Yusuf to water the plants while we were away.
    owner | ask | Yusuf water plants

[Money] - Rent: 810 a month
- Salary: 2,400
    owner | rent | 810
    owner | salary | 2,400

[About me] Born: 4 July 1979 in Graz
Favourite colour: green
    owner | born | 4 July 1979 Graz
    owner | favourite colour | green

[Packing] - tent
- my blue thermos
    owner | packing | tent
    owner | packing | blue thermos

[Ideas] - I sold my drums
- Do I need a new amp?
    owner | sell | drums

There are three hens in the yard.

It rained all week, so I painted the hall.
    owner | paint | hall

She was late again.

Let's go to Porto next year!

I think the school will close soon.
    owner | think | school close

I can swim two kilometres.
    owner | swim | two kilometres

I will move to Basel in October.
    owner | move | Basel October

> I grow roses.
    the author | grow | roses

My landlord raised the rent because the heating failed.
    My landlord | raise | rent
    heating | fail |

In 2016 I left Krakow and settled in Leipzig.
    owner | leave | Krakow
    owner | settle | Leipzig

My neighbour Femi repairs clocks and his wife runs a bakery.
    Femi | repair | clocks
    Femi's wife | run | bakery

The letter was written by my aunt in 1944.
    letter | write | by aunt 1944

I was born in Tampere but grew up in Cork.
    owner | bear | Tampere
    owner | grow up | Cork

We never eat before eight.
    owner | not eat | eight

Would I go back to teaching?

Perhaps I should sell the caravan.

I could have been a pilot if my eyes were better.

Unless it rains, we will hike on Saturday.

Bruno told me he had lost his passport.
    Bruno | tell | me passport

They say our street is haunted.

My manager, who hates meetings, cancelled the review.
    My manager | hate | meetings
    My manager | cancel | review

The coat that I inherited from Nana has two torn pockets.
    owner | inherit | coat Nana
    coat | have | two torn pockets

Got up at five, fed the goats and walked to the lake.
    owner | get up | five
    owner | feed | goats
    owner | walk | lake

Have been learning Georgian since March.
    owner | learn | Georgian March

I hope to retire at sixty.
    owner | hope | retire sixty

I would rather live alone.

I couldn't find the spare key.
    owner | not find | spare key

Although the flat is small, I like it.
    flat | be | small
    owner | like | it

My daughter is taller than me now.
    My daughter | be | taller

I haven't smoked since 2012.
    owner | not smoke | 2012

My uncle Pekka used to own a sawmill.
    Pekka | use | own sawmill

Every Friday I call my mother.
    owner | call | mother

The doctor said I should rest, but I went running anyway.
    doctor | say | rest
    owner | go | running

Imagine living on a boat!

I neither ski nor skate.
    owner | not ski |
    owner | not skate |

When I was nine, we moved to Trieste.
    owner | be | nine
    owner | move | Trieste

[Health] - Blood type: A positive
- Dentist: Dr Okoro
    owner | blood type | A positive
    owner | dentist | Dr Okoro

[Ines] - Job: welder
- Birthday: 9 August
    Ines | job | welder
    Ines | birthday | 9 August

What a day! I finally passed the exam.
    owner | pass | exam
""")

KOREAN = readings("""
나는 지난달에 고양이를 입양했다.
    owner | 입양하다 | 고양이를

차를 팔고 자전거를 샀다.
    owner | 팔다 | 차를
    owner | 사다 | 자전거를

누나는 대전에서 수학을 가르친다.
    누나 | 가르치다 | 대전에서 수학을

어제는 비가 와서 집에 있었다.
    비 | 오다 |
    owner | 있다 | 집에

나는 회를 안 먹는다.
    owner | 안 먹다 | 회를

나는 담배를 피우지 않는다.
    owner | 안 피우다 | 담배를

서울로 이사하면 강아지를 키우겠다.

나는 부산에 살았을까?

제주도에 살고 싶다.
    owner | 살고 싶다 | 제주도에

민서는 회사를 그만뒀다고 말했다.
    민서 | 말하다 | 회사를 그만뒀다고

"나는 배를 샀다"라고 삼촌이 말했다.
    삼촌 | 말하다 |

매일 아침 여섯 시에 수영을 한다.
    owner | 하다 | 수영을

엄마는 부산에 살고 아빠는 대구에 산다.
    엄마 | 살다 | 부산에
    아빠 | 살다 | 대구에

나는 간호사이고 동생은 요리사다.
    owner | 이다 | 간호사
    동생 | 이다 | 요리사

나는 의사가 아니다.
    owner | 안 이다 | 의사가

내 친구 지훈이는 기타를 잘 친다.
    내 친구 지훈이 | 치다 | 기타를

2019년에 결혼했지만 아이는 없다.
    owner | 결혼하다 | 2019년에
    아이 | 없다 |

내일까지 보고서를 내야 한다.
    owner | 내야 하다 | 보고서를

다음 달에 독일에 갈 것이다.
    owner | 가다 | 독일에

월세는 55만 원이다.
    월세 | 이다 | 55만 원

고수는 싫지만 파슬리는 좋아한다.
    owner | 싫다 | 고수는
    owner | 좋아하다 | 파슬리는

할머니가 만드신 김치가 제일 맛있다.
    할머니가 만드신 김치 | 맛있다 |

우리 팀은 작년에 우승했다.
    우리 팀 | 우승하다 | 작년에

개에게 물렸다.
    owner | 물리다 | 개에게

[연락처] - 집주인: 박 사장님
- 월세: 60만 원
    owner | 집주인 | 박 사장님
    owner | 월세 | 60만 원

작년에 대학을 졸업하고 광주에서 일을 시작했다.
    owner | 졸업하다 | 작년에 대학을
    owner | 시작하다 | 광주에서 일을

오빠는 요리사가 되었다.
    오빠 | 되다 | 요리사가

나는 운전을 못 한다.
    owner | 안 하다 | 운전을

시간이 있으면 도자기를 배우고 싶다.

우리 할아버지는 1938년에 함흥에서 태어나셨다.
    우리 할아버지 | 태어나다 | 1938년에 함흥에서

지수 씨는 커피를 마시지 않는다.
    지수 씨 | 안 마시다 | 커피를

친구가 이사를 간다고 했다.
    친구 | 하다 |

비가 많이 와서 등산을 취소했다.
    비 | 오다 | 많이
    owner | 취소하다 | 등산을

점심에는 김밥을 먹었고 저녁에는 굶었다.
    owner | 먹다 | 점심에는 김밥을
    owner | 굶다 | 저녁에는

혹시 열쇠를 잃어버렸을까?

아마 내일 눈이 올 것 같다.

그 식당은 비싸지만 맛있다.
    그 식당 | 비싸다 |
    그 식당 | 맛있다 |

내가 산 자전거는 빨간색이다.
    내가 산 자전거 | 이다 | 빨간색

나는 매운 음식을 잘 못 먹는다.
    owner | 안 먹다 | 매운 음식을

다음 주에 이사하기로 했다.
    owner | 이사하기로 하다 | 다음 주에

언니랑 같이 살았는데 지금은 혼자 산다.
    owner | 살다 | 언니랑 같이
    owner | 살다 | 혼자
""")
