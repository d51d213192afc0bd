"""Plots about the world: storms, journeys, races, nights, gardens, things to build and to learn. One function
each.
"""

from __future__ import annotations

from llm.corpora import episodes, lexicon
from llm.corpora.asides import aside, close
from llm.corpora.telling import Teller


def storm(t: Teller) -> None:
    """A storm comes; shelter, fear and courage, and the light after it."""
    t.bind(shelter="[old barn|dry cave|empty windmill|hollow tree|little hut|boat house]")
    place = t.rng.choice(("the garden", "the forest", "the meadow", "the orchard", "the valley", "the farm"))
    t.bind(place=place, at=f"{lexicon.PLACES[place]} {place}")
    if t.chance(0.35):
        t.say("It was raining.", "It was raining hard.", "It was raining, and the wind was getting stronger.")
        t.say(
            "{Hero} and {friend} were {at}, far from home.",
            "{Hero} and {friend} had gone out to play {at}, and now they were wet.",
        )
    else:
        t.lead(
            "{hero} and {friend} were [playing {game}|picking {s:flower}|looking for {s:fruit}|having a picnic] {at}", pair=True
        )
        t.say(
            "Suddenly the sky turned dark.", "Then big black clouds came over the hill.", "At noon, the wind began to blow hard."
        )
    t.say(
        "There was a flash of lightning, and then the thunder rolled.",
        "Thunder rolled over the land.",
        "The first drops fell, as big as cherries.",
    )
    t.quote("friend", "I am scared!", "What shall we do?", "Let us go home!")
    t.say("{Friend} was afraid because the thunder was so loud.", "{Friend} began to shake, because {fhe} did not like storms.")
    t.quote("hero", "Hold my hand.", "Run!", "I see a place where we can hide.", "Don't be afraid, I am with you.")
    t.say("They ran as fast as they could to {a:shelter}.", "Not far away they saw {a:shelter}, and they ran inside.")
    t.say("Inside it was dark but dry.", "Inside it was warm, and the wind could not get in.")
    t.some(
        2,
        "They counted the seconds between the lightning and the thunder.",
        "{Hero} told a funny story about {a:wild} with a hat.",
        "They sang {song} to forget the storm.",
        "They shared {a:treat} that {hero} had in {his} bag.",
        "A wet {wild2} came in and sat down beside them.",
        "The rain drummed on the roof like a hundred fingers.",
    )
    t.say("{later}, {friend} was not afraid any more.", "{Friend} laughed, and {fhis} fear grew smaller and smaller.", p=0.7)
    t.say(
        "At last the thunder moved away and the rain stopped.", "{later}, the wind grew quiet.", "Then, all at once, it was over."
    )
    t.say(
        "When they came out, there was a rainbow over {place}.",
        "The sun came out, and every leaf was shining.",
        "The whole world looked as if it had been washed.",
    )
    t.quote("friend", "Look, how beautiful!", "That was not so bad.", "Next time I will not be afraid.")
    t.say(
        "{Elder} was waiting at the door, and {ehe} was so glad to see them.",
        "They jumped in every puddle on the way home.",
        p=0.7,
    )
    close(
        t, "Since that day, {friend} has liked the sound of rain.", "They never forgot the storm and the smell of the {shelter}."
    )


def building(t: Teller) -> None:
    """Two friends build something; it fails once and then stands."""
    work = t.rng.choice(tuple(episodes.WORKS))
    stuff, at, place = episodes.WORKS[work]
    t.bind(work=work, stuff=stuff, at=f"{at} {place}", place=place)
    t.lead("{hero} and {friend} wanted to build {a:work} {at}", "bored", pair=True)
    t.say(
        "They had thought about it all week.",
        "They had seen one in a book.",
        "{Hero} drew a plan on a big sheet of paper.",
        p=0.75,
    )
    t.quote("hero", "I know how to do it!", "It will be the best {work} in the world!", "First we need a plan.")
    t.say("They gathered {stuff}.", "They carried {stuff} to {place}.", "For two days they collected {stuff}.")
    t.say(
        "{Hero} did the heavy work, and {friend} held everything in place.",
        "{Friend} measured, and {hero} put the parts together.",
        "They worked from breakfast until lunch.",
    )
    aside(t, 0.35)
    t.say(
        "But in the afternoon the {work} fell apart with a loud crash.",
        "But when they were almost done, one side broke.",
        "Then a strong wind came, and the whole {work} fell down.",
    )
    t.quote("friend", "All that work for nothing!", "I give up.", "It will never stand.")
    t.say("{Friend} was {upset} because they had worked so hard.", "{Hero} was disappointed too, but {he} did not want to stop.")
    t.quote("hero", "Let us try again.", "We know now what we did wrong.", "This time we will make it stronger.")
    t.say(
        "{Elder} came and showed them how to make the bottom wide and strong.",
        "They asked the carpenter, who gave them good advice.",
        "They looked at it from all sides and found the weak spot.",
        p=0.75,
    )
    t.say("They began once more, slowly and carefully.", "The next morning they started again.", "This time they did not hurry.")
    t.say(
        "In the evening, the {work} was ready, and it stood firm.",
        "At last the {work} was finished.",
        "{later}, the {work} stood there, strong and beautiful.",
    )
    t.say("They painted it in bright colours and wrote their names on it.", "They put {a:colour} flag on top.", p=0.5)
    t.quote("friend", "We did it!", "I am so glad that we tried again.", "It is even better than the first one!")
    close(
        t,
        "They were proud because they had not given up.",
        "All their friends came to see the {work}.",
        "They played with the {work} every day until {season2}.",
    )


def learning(t: Teller) -> None:
    """A skill that will not come, practice, a bit of advice, and then it does."""
    table = episodes.ANIMAL_SKILLS if t.people["hero"].is_animal else episodes.SKILLS
    skill, doing, failure, advice, success = episodes.draw(t, table)
    t.lead(f"{{hero}} wanted to learn to {skill}", "sad", state=True)
    t.say(
        f"All {{his}} friends could {skill}, but {{he}} could not.",
        "{He} had seen {friend} do it, and it looked so easy.",
        f"{{He}} had dreamed of {doing} for a long time.",
    )
    t.say(f"{{He}} tried. {failure}", f"The first time was a disaster. {failure}", f"{failure}")
    t.quote("hero", "I will never learn it.", "It is too hard!", "Why can't I do it?")
    t.say(
        "{He} was {upset} because {he} had tried so hard.",
        "{His} ears were hot, and {he} wanted to go home.",
        "{Hero} was angry with {himself}.",
    )
    t.say(
        "{Friend} had seen everything and came closer.",
        "{Friend} sat down next to {him}.",
        "Then {friend} came and sat close to {him}.",
    )
    t.quote("friend", "I could not do it at first either.", "Nobody can do it on the first day.", "Shall I show you a trick?")
    t.quote("friend", advice, verb="said")
    t.say("{Hero} nodded and tried again.", "So {hero} tried it that way.", "{Hero} wiped {his} eyes and stood up.")
    aside(t, 0.35)
    t.some(
        2,
        "{He} practised before breakfast and after dinner.",
        "Every day it went a little better.",
        "Some days were good and some days were bad.",
        "{He} practised in the sun and in the rain.",
        "{Friend} came every afternoon to help.",
    )
    t.say(f"Then, on {{day}}, it happened: {success}.", f"And one morning, {success}.", f"{{later}}, {success}.")
    t.quote("hero", "I did it!", "Did you see that?", "Look at me!")
    t.say(
        "{Friend} jumped for joy.",
        "{Elder} was watching, and {ehe} cheered.",
        "{Hero} was so proud that {he} did it again at once.",
    )
    close(
        t,
        f"{{Hero}} knew now that {doing} takes time, and that is not a bad thing.",
        f"A year later, {{hero}} taught someone else to {skill}.",
        "It had been hard, and that is why it felt so good.",
    )


def journey(t: Teller) -> None:
    """A way to somewhere far, three meetings, and the way back."""
    goal, reason, arrival = t.rng.choice(
        (
            ("the sea", "{he} had never seen it", "The sea was bigger than anything {he} had ever seen, and it sang."),
            (
                "the top of the mountain",
                "{he} wanted to touch a cloud",
                "At the top, a cloud came by, and it was cool and wet on {his} nose.",
            ),
            (
                "{his} grandmother's house",
                "{his} grandmother was ill",
                "Grandmother sat up in bed and smiled, and her cheeks turned pink.",
            ),
            (
                "the great forest",
                "{he} wanted to see the oldest tree in the world",
                "The tree was so wide that ten friends could not have held it.",
            ),
            (
                "the lighthouse",
                "{he} wanted to know who lit the lamp",
                "An old woman opened the door and let {him} light the lamp.",
            ),
            ("the town", "there was a fair with music", "There were lights and drums and a wheel that turned in the sky."),
            (
                "the end of the rainbow",
                "{he} wanted to see what was there",
                "There was no gold, but there was a field full of {s:flower} in every colour.",
            ),
            ("the island", "people said that it was full of birds", "Hundreds of birds flew up like a white cloud."),
            ("the old castle", "{he} wanted to meet a queen", "There was no queen, but a peacock that walked like one."),
        )
    )
    t.bind(goal=goal, my_goal=goal.replace("{his}", "my"))
    t.lead(f"{{hero}} set out for {{goal}} because {reason}", "curious")
    t.say(
        "{He} packed {a:treat}, a bottle of {drink} and a warm blanket.",
        "{Elder} gave {him} {a:treat} and a kiss.",
        "{He} took only a stick and {a:treat}.",
    )
    t.quote(
        "elder",
        "Be careful, and come back before {day}.",
        "Follow the path and you will be fine.",
        "Be kind to everyone you meet.",
        p=0.7,
    )
    t.say(
        "The path went up and down and around many corners.",
        "{He} walked for hours.",
        "First {he} crossed the fields, and then the forest.",
    )
    t.say(
        "By a bridge {he} met {friend}, who was going the same way.",
        "Under {a:tree} tree sat {friend}, resting {fhis} feet.",
        "At the first corner {friend} was waiting.",
    )
    t.quote("friend", "Where are you going?", "May I come with you?", "It is a long way to walk alone.")
    t.quote("hero", "I am going to {my_goal}. Come with me!", "I want to see {my_goal}.", "Two are better than one.")
    aside(t, 0.4)
    t.some(
        1,
        "In the afternoon they came to a river without a bridge, so they jumped from stone to stone.",
        "They lost the path in the fog and had to wait until the air was clear.",
        "A fallen tree lay across the path, and they had to crawl under it.",
        "It got dark, and they slept under the stars beside a small fire.",
    )
    t.say(
        "They were tired, and their feet hurt.",
        "They ate half of the {treat} and kept the rest for later.",
        "They sang {song} to keep going.",
        p=0.8,
    )
    t.say(
        "At last they saw {goal}.", "On the second day they reached {goal}.", "And then, behind the last hill, there was {goal}."
    )
    t.say(arrival)
    t.quote("hero", "It was worth every step.", "I am so happy that we came!", "I wish we could stay for ever.", p=0.8)
    t.say(
        "They stayed until the evening, and then they walked back side by side.",
        "On the way home, the path seemed much shorter.",
        "{Hero} put a little stone in {his} bag to remember it.",
    )
    close(
        t,
        "When {he} came home, {elder} was standing at the door.",
        "{He} told everyone about {goal}, and nobody could stop {him}.",
    )


def bravery(t: Teller) -> None:
    """Something frightening has to be done, for somebody else."""
    fear, need, deed, after = t.rng.choice(
        (
            (
                "the dark",
                "{Friend} had dropped {fhis} lamp in the cellar and could not find the stairs.",
                "{Hero} went down into the dark, one step after the other, and took {friend}'s hand.",
                "The dark was only a room without light.",
            ),
            (
                "deep water",
                "{Friend}'s little boat had floated away with {friend} in it.",
                "{Hero} walked into the cold water up to {his} chin, caught the rope and pulled the boat back.",
                "The water was cold, but it was not a monster.",
            ),
            (
                "high places",
                "{Friend}'s kitten sat on the high roof and cried, and it did not dare to come down.",
                "{Hero} climbed up the ladder without looking down, and the kitten crawled into {his} arms.",
                "From the roof {he} could see the whole village.",
            ),
            (
                "the big dog next door",
                "{Friend} stood against the wall, and the big dog stood before {fhim}.",
                "{Hero} walked up to the dog slowly and spoke to it in a calm voice. The dog sat down and wagged its tail.",
                "The big dog only wanted someone to play with.",
            ),
            (
                "speaking in front of others",
                "{Friend} was ill, and somebody had to say {fhis} poem at the festival.",
                "{Hero} walked onto the stage with shaking knees and said the whole poem.",
                "The people clapped so long that {his} ears rang.",
            ),
            (
                "thunder",
                "{Friend} was alone in the tent when the storm began.",
                "{Hero} ran through the rain and the thunder and crept into the tent.",
                "With two in the tent, the thunder sounded like a drum.",
            ),
            (
                "the old forest",
                "{Friend} had not come back from the old forest.",
                "{Hero} took a lantern, went in among the black trees and called until {friend} answered.",
                "The forest was full of owls and glow-worms, and nothing else.",
            ),
        )
    )
    t.lead(f"{{hero}} was afraid of {fear}", "ashamed", state=True)
    t.say(
        "Nobody knew it, because {he} never talked about it.",
        "The others laughed at {him} sometimes.",
        "When {he} thought about it, {his} knees began to shake.",
        "{He} was ashamed because all the others seemed so brave.",
    )
    t.quote("elder", "Being brave does not mean that you are not afraid.", "Everyone is afraid of something.", p=0.6)
    aside(t, 0.3)
    t.say(f"Then, on {{day}}, something happened. {need}", f"But one evening {he_heard(t)}. {need}")
    t.quote("friend", "Help!", "Please help!", "Is anybody there?")
    t.say("{Hero} looked around. There was nobody else.", "{Hero}'s heart beat like a drum.", "{Hero} wanted to run away.")
    t.quote("hero", "I am coming!", "I am afraid, but I will do it.", "Somebody has to do it.")
    t.say(deed)
    t.say(
        "{His} legs were still shaking, but {he} was smiling.",
        "Only then did {he} notice that {he} had not been thinking about {his} fear.",
        p=0.7,
    )
    t.say(after)
    t.quote("friend", "You are so brave!", "Thank you, {hname}!", "Were you not afraid?")
    t.quote("hero", "I was afraid the whole time.", "Yes, I was, but you needed me.", "A little.", p=0.8)
    close(
        t,
        f"{{Hero}} was still a little afraid of {fear}, but much less than before.",
        "Everyone heard about it, and nobody laughed at {him} again.",
    )


def he_heard(t: Teller) -> str:
    """A clause that breaks the calm."""
    return t.rng.choice(("{he} heard someone call", "a cry came through the air", "{he} heard {friend}'s voice"))


def planting(t: Teller) -> None:
    """Something is planted, nothing happens for a long time, and then it does."""
    t.bind(plant=t.rng.choice(("{flower}", "{vegetable}", "{tree} tree")))
    t.lead("{hero} [found a strange seed {at}|got a small brown seed from {elder}|had one tiny seed in {his} {hand}]", "curious")
    t.quote("hero", "What will grow from it?", "It is so small!", "Can I plant it?")
    t.quote("elder", "You have to wait and see.", "Give it water, sun and time.", "Big things begin small.")
    t.say("{Hero} dug a little hole {seat} and put the seed inside.", "{He} planted it {seat} and covered it with soft earth.")
    t.say(
        "{He} watered it every morning.",
        "Every day {he} gave it some water and sang {song}.",
        "{He} put a small fence of sticks around it.",
    )
    t.say(
        "A day passed, and then another, but nothing happened.",
        "For a whole week there was only brown earth.",
        "Day after day {he} looked, and saw nothing at all.",
    )
    t.quote("friend", "There is nothing there.", "Maybe the seed is bad.", "Forget it and come to play.")
    t.say(
        "{Hero} was {upset} because {he} had waited so long.",
        "{Hero} wanted to dig it up and look.",
        "But {hero} did not give up.",
    )
    aside(t, 0.4)
    t.say(
        "Then the rain came, and after the rain came the sun.", "In {month}, the days grew warm.", "One night a soft rain fell."
    )
    t.say("The next morning there was a tiny green leaf.", "And there it was: a small green tip, no longer than a fingernail.")
    t.quote("hero", "It is growing!", "Come quickly, everybody!", "Look, it is alive!")
    t.say(
        "It grew and grew, and every week it was a little taller.",
        "Soon it was as tall as {his} knee, and then as tall as {hero}.",
    )
    t.say(
        "By {season} it was {a:plant}, the finest in the village.",
        "Now everyone could see what it was: {a:plant}!",
        "It turned out to be {a:plant}, and {he} loved it.",
    )
    t.say(
        "{Friend} was surprised and said sorry.",
        "{Friend} wanted to plant one too, so {hero} gave {fhim} a seed.",
        "People came from far away to look at it.",
        p=0.8,
    )
    close(
        t,
        "{Hero} had learned to wait, and waiting was not so hard any more.",
        "The next year there were {number} of them in a row.",
    )


def race(t: Teller) -> None:
    """A race in which winning turns out not to be everything."""
    t.bind(prize="[golden cup|big honey cake|silver medal|{colour} ribbon|basket of {s:fruit}]")
    t.lead("{hero} wanted to win the great race {at}", "excited", state=True)
    t.say("The prize was {a:prize}.", "Everybody talked about the race, and the winner would get {a:prize}.")
    t.say(
        "{He} practised every morning for {number} weeks.",
        "{He} got up early every day and practised.",
        "{Friend} was in the race as well, and {fhe} was very fast.",
    )
    t.quote("friend", "May the best one win.", "I am going to win this year!", "Good luck, {hname}!")
    t.quote("hero", "Good luck to you too.", "We will see!", "I have never felt so ready.", p=0.7)
    t.say(
        "On the day of the race, the whole village was there.",
        "On {day}, many people stood beside the track.",
        "The flags were waving, and a drum was beating.",
    )
    aside(t, 0.3)
    t.say(
        "Ready, steady, go! They were off.", "A whistle blew, and the race began.", "Someone counted to three, and off they went."
    )
    t.say(
        "At first {friend} was in front, but {hero} came closer and closer.",
        "{Hero} was fast, and soon only {friend} was in front of {him}.",
        "{Hero} and {friend} were side by side.",
    )
    if t.chance(0.6):
        t.say("Then {friend} tripped and fell.", "Just before the end, {friend} slipped and hurt {fhis} leg.")
        t.say(
            "{Hero} saw the finish. {He} could win! But {he} also heard {friend} cry.",
            "{Hero} was alone in front now, but {he} looked back.",
        )
        t.say("So {he} stopped, turned around and helped {friend} up.", "{He} ran back and gave {friend} {his} {hand}.")
        t.quote("friend", "Why did you stop? You could have won!", "But the prize!", "You are a real friend.")
        t.quote("hero", "You are more important than a prize.", "A race without you is no fun.", "Come, we will finish together.")
        t.say("They crossed the line together, last of all, and everyone cheered.", "Arm in arm they walked over the line.")
        t.say(
            "Both of them got {a:prize}, because the judges had seen it all.",
            "The winner came and gave them half of the prize.",
            p=0.7,
        )
    else:
        t.say(
            "They ran and ran, and in the end {friend} was one step faster.",
            "{Hero} did {his} best, but {friend} crossed the line first.",
        )
        t.say("{Hero} was {upset} because {he} had wanted to win so much.", "{Hero} had to swallow hard.")
        t.say(
            "Then {he} saw how happy {friend} was, and {he} took a deep breath.",
            "But {friend} looked so glad that {hero} had to smile.",
        )
        t.quote("hero", "Well done, {fname}!", "You were really fast.", "Next year it is my turn!")
        t.quote(
            "friend",
            "Without you I would never have run so fast.",
            "Let us share the prize.",
            "Thank you. You are a good loser and a better friend.",
        )
    close(t, "{He} did not win the race, but {he} won something better.", "They ran home together, just for fun.")


def night_sound(t: Teller) -> None:
    """A strange sound at night, a search with a lamp, a harmless cause."""
    sound, wrong, cause, deed = t.rng.choice(
        (
            (
                "tap, tap, tap",
                "a ghost with a stick",
                "a branch that the wind was knocking against the window",
                "{Hero} tied the branch back with a string.",
            ),
            (
                "scratch, scratch",
                "a monster with long claws",
                "a little hedgehog that was trying to get in",
                "{Hero} gave the hedgehog a piece of {fruit}.",
            ),
            ("whoo, whoo", "a ghost", "an owl on the roof", "The owl turned its head and blinked at them."),
            (
                "drip, drip, drip",
                "somebody with wet shoes",
                "the tap in the kitchen",
                "{Hero} turned the tap until it was quiet.",
            ),
            (
                "bump, bump",
                "a giant on the stairs",
                "{a:fruit} that was rolling down the stairs, and behind it a mouse",
                "The mouse looked at them and ran away.",
            ),
            (
                "squeak, squeak",
                "a whole army of rats",
                "the old gate in the wind",
                "{Hero} put a stone against the gate, and it was quiet.",
            ),
            (
                "crunch, crunch",
                "a wolf",
                "the pony, who had got out and was eating {s:vegetable}",
                "They led the pony back to its stable.",
            ),
            ("meow", "a witch's cat", "a lost kitten in the woodpile", "{Hero} carried the kitten inside and gave it some milk."),
            (
                "hmm, hmm",
                "a strange machine",
                "{elder}, who was humming in {ehis} sleep",
                "They put a blanket over {ehim} and tried not to laugh.",
            ),
        )
    )
    t.bind(sound=sound, wrong=wrong)
    t.lead(
        "{hero} and {friend} [were lying in the dark|were camping in the garden|could not sleep] one night", pair=True, state=True
    )
    t.say(
        "The moon was behind the clouds.",
        "It was late, and the house was quiet.",
        "The wind was blowing around the house.",
        p=0.75,
    )
    t.say(
        "Suddenly they heard a strange sound: {sound}.",
        "Then there was a sound. It went {sound}.",
        "All at once, something went {sound}.",
    )
    t.quote("friend", "Did you hear that?", "What was that?", "Who is there?")
    t.quote("hero", "Maybe it is {wrong}.", "I think it is {wrong}!", "It sounds like {wrong}.")
    t.say(
        "{Friend} pulled the blanket over {fhis} head.",
        "They were scared because they could not see anything.",
        "They held hands and listened.",
    )
    t.say("There it was again: {sound}!", "The sound came again, and this time it was louder.")
    t.quote("hero", "We have to look.", "Let us go and see.", "I will go first, and you hold the lamp.")
    t.say(
        "They took a lamp and walked on tiptoe.",
        "{Hero} lit a candle, and they went step by step through the dark.",
        "Slowly, slowly, they opened the door.",
    )
    t.some(
        1,
        "Their shadows were long and thin on the wall.",
        "{A:insect} flew around the lamp.",
        "The floor was cold under their feet.",
        "{Friend}'s hands were shaking.",
    )
    t.say(
        f"And what did they see? It was only {cause}.",
        f"They held up the lamp, and there was {cause}.",
        f"It was not {{wrong}} at all. It was {cause}.",
    )
    t.say(deed)
    t.quote("friend", "And we were so afraid!", "How silly we were!", "I am glad that we looked.")
    t.say(
        "They laughed so loudly that {elder} woke up.",
        "They laughed until their stomachs hurt.",
        "They sat down in the kitchen and drank {drink}.",
    )
    close(t, "After that, they went back to bed and slept until morning.", "And when they heard {sound} again, they only smiled.")


PLOTS = (
    (storm, "any"),
    (building, "any"),
    (learning, "any"),
    (journey, "any"),
    (bravery, "child"),
    (planting, "any"),
    (race, "any"),
    (night_sound, "child"),
)
