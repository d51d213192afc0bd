"""Plots about what characters do to each other: loss, help, quarrels, secrets, mistakes, gifts. One function
each.
"""

from __future__ import annotations

from llm.corpora import episodes
from llm.corpora.asides import aside, close, view
from llm.corpora.telling import Teller


def lost_and_found(t: Teller) -> None:
    """Something dear gets lost, is looked for in wrong places, and turns up."""
    episodes.name_object(t)
    outside = t.chance(0.6)
    t.bind(
        spot="{outspot}" if outside else "{inspot}",
        wrong="{outspot2}" if outside else "{inspot2}",
        third="{outspot3}" if outside else "{inspot3}",
        where="{at}" if outside else "at home",
    )
    t.lead("{hero} [could not find {his} {obj}|lost {his} {obj}|noticed that {his} {obj} was gone]", "{upset}", pair=True)
    t.say(
        "It was {his} favourite {thing}, a present from {elder}.",
        "{He} had played with it only yesterday.",
        "{He} took that {thing} everywhere.",
        "{Elder} had given it to {him} for {his} birthday.",
        p=0.75,
    )
    t.say(
        "{He} was {upset} because {he} loved that {thing} very much.",
        "{He} felt like crying because the {thing} was so special.",
        "{His} heart felt heavy.",
    )
    t.quote("hero", "Where is my {thing}?", "Oh no, my {thing} is gone!", "I had it this morning.", p=0.8)
    t.some(
        2,
        "{Hero} looked {wrong}, but {he} found only [a dry leaf|an old sock|some dust|a bent spoon].",
        "{He} looked {third}. The {thing} was not there.",
        "{He} asked {elder}, but {ehe} had not seen it.",
        "{He} turned around and searched everything again.",
    )
    if t.chance(0.75):
        t.say(
            "{later}, {friend} came by and saw {hero}'s [sad|long|worried] face.",
            "{Friend} heard about it and came to help.",
            "Just then {friend} came along.",
        )
        t.quote("friend", "What is wrong?", "Why are you so sad?", "Can I help you?")
        t.quote("hero", "I lost my {obj}.", "My {obj} is gone, and I have looked everywhere.")
        t.quote("friend", "Let us look for it together.", "Four eyes see more than two.", "Don't worry, we will find it!")
        finder = "{friend}"
    else:
        t.say(
            "{He} sat down and thought hard. Where had {he} been last?",
            "{He} closed {his} eyes and tried to remember the whole day.",
        )
        finder = "{hero}"
    aside(t, 0.4)
    t.say(
        f"{{later}}, {finder} saw something {{colour}} {{spot}}.",
        f"{{later}}, {finder} looked {{spot}}, and something {{colour}} was there.",
        "Then something small and {colour} shone {spot}.",
    )
    t.say(
        "It was the {obj}!",
        "There it was, the {colour} {thing}!",
        "It was the lost {thing}, a little [dusty|dirty|wet] but whole!",
    )
    t.say(
        "{Hero} picked it up and held it tight.",
        "{He} hugged the {thing} and laughed.",
        "{He} wiped the {thing} clean and jumped for joy.",
    )
    if finder == "{friend}":
        t.quote("hero", "Thank you, {fname}!", "You are the best friend in the world!", "I could not have found it without you.")
    close(
        t,
        "From then on, {he} always put the {thing} in the same place.",
        "That night the {thing} lay beside {his} bed.",
        "{He} never left the {thing} alone again.",
    )


def helping_a_friend(t: Teller) -> None:
    """Someone in need is met, and helped with what is at hand."""
    trouble, need, deed, thanks = episodes.draw(t, episodes.TROUBLES)
    t.bind(animal="{wild}", tool=need)
    t.lead("{hero} was walking [{at}|alone {at}|home from {place}] when {he} heard a small sound", "curious")
    t.say("Someone was crying.", "It sounded like crying.", "[Help, help, it seemed to say|A tiny voice called for help].")
    t.say(f"It was {{a:animal}}. {trouble}")
    t.quote("hero", "Oh, you poor thing!", "Do not be afraid.", "What happened to you?")
    t.say(
        "The {animal} was [scared|frightened|shaking], and its eyes were wet.",
        "The {animal} looked up with big round eyes.",
        "The {animal} was shaking because it was so frightened.",
        p=0.8,
    )
    t.quote("the {animal}", "Please help me.", "I have been here all day.", "I cannot do it alone.", p=0.6)
    t.say("{Hero} thought about it for a moment.", "{Hero} wanted to help, but how?", "{Hero} looked around.", p=0.7)
    view(t, 0.3)
    t.say("Then {he} had an idea.", "Suddenly {he} knew what to do.", "{He} remembered something.", p=0.7)
    t.say(deed)
    t.say(thanks)
    t.quote("the {animal}", "Thank you! I will never forget this.", "You are so kind.", "Now we are friends.", p=0.7)
    t.say(
        "{Hero} felt warm inside because {he} had helped.",
        "{Hero} was {glad} because the {animal} was safe.",
        "{Hero} smiled all the way home.",
        p=0.8,
    )
    if t.chance(0.5):
        t.bind(gift=episodes.SMALL_GIFT)
        t.say(
            "The next day, the {animal} came back with a gift. It was {gift}.",
            "A week later, the {animal} came to visit and brought its whole family.",
        )
    close(
        t,
        "After that day, {hero} and the {animal} met {at} every week.",
        "{Hero} told {elder} about the {animal}, and {ehe} was very proud.",
    )


def quarrel(t: Teller) -> None:
    """Two friends want the same thing, quarrel, miss each other and make up."""
    episodes.name_object(t, toys=True)
    t.lead("{hero} and {friend} were playing {at} with {a:obj}", "excited", pair=True)
    t.say("At first they had a lot of fun.", "They laughed and took turns.", "They were very happy together.", p=0.7)
    t.say(
        "Then both of them wanted the {thing} at the same time.",
        "But soon {friend} did not want to give the {thing} back.",
        "But then {hero} held the {thing} and would not share it.",
    )
    t.quote("hero", "It is mine!", "I had it first!", "Give it to me!")
    t.quote("friend", "No, it is my turn!", "You always have it!", "That is not fair!")
    t.say(
        "They pulled and pulled until the {thing} fell [into the mud|on the ground|into a puddle].",
        "{Hero} pulled on one side and {friend} pulled on the other.",
        p=0.8,
    )
    t.say(
        "{Friend} was angry and ran home.",
        "{Hero} was so angry that {he} turned around and went home.",
        "They were both angry, and each of them went home alone.",
    )
    aside(t, 0.3)
    t.say(
        "At home, {hero} was {upset} because {he} had nobody to play with.",
        "That afternoon, {hero} sat alone and missed {friend}.",
        "Without {friend}, the {thing} was not fun at all.",
        "{Hero} sat by the window and felt {upset}.",
    )
    if t.chance(0.6):
        t.quote(
            "elder",
            "A {thing} is only a {thing}, but a friend is a treasure.",
            "Have you told {friend} that you are sorry?",
            "Somebody has to say sorry first.",
            "What do you think {friend} is doing now?",
        )
    t.say(
        "{Hero} took the {obj} and walked to {friend}'s house.",
        "The next morning, {hero} went to see {friend}.",
        "So {hero} wiped the {thing} clean and went to look for {friend}.",
    )
    t.quote(
        "hero", "I am sorry that I shouted at you.", "I am sorry. You can have the {thing} today.", "Can we be friends again?"
    )
    t.quote("friend", "I am sorry too.", "I missed you.", "Yes! Let us play together.")
    t.say("They shook {s:hand} and smiled.", "They hugged each other.", "{Friend} hugged {hero}, and both of them laughed.")
    t.say(
        "Then they made a rule: each of them could have the {thing} for ten minutes.",
        "They took the {obj} and played {game} until the sun went down.",
        "After that, they took turns, and the game was even better than before.",
    )
    close(t, "{Hero} and {friend} never fought about the {thing} again.", "The {thing} now belongs to both of them.")


def secret(t: Teller) -> None:
    """A secret is kept, almost told, and turns out to be a surprise."""
    hiding, clue, reveal, feeling = episodes.draw(t, episodes.SECRETS)
    t.lead("{hero} had a secret", "excited", pair=True, state=True)
    t.say(hiding)
    t.say("Nobody knew about it, not even {friend}.", "{He} had not told anyone.", "It was hard to keep it quiet.")
    t.quote("friend", "Why are you smiling like that?", "What are you hiding?", "Can you tell me what it is?")
    t.quote("hero", "I cannot tell you yet.", "It is a secret!", "You will see on {day}.", "Please wait a little.")
    t.say(
        "{Friend} was {upset} because {fhe} thought that {hero} did not like {fhim} any more.",
        "{Friend} wondered about it all day.",
        "{Friend} tried to guess, but every guess was wrong.",
    )
    t.say(clue, p=0.8)
    aside(t, 0.35)
    t.say(
        "Every day, {hero} worked on it for an hour.",
        "{Hero} almost told {fhim} twice, but {he} bit {his} lip.",
        "{Hero} found it hard to wait.",
        p=0.7,
    )
    t.say("At last the day came.", "On {day}, {hero} took {friend} by the hand.", "Finally, everything was ready.")
    t.quote("hero", "Close your eyes!", "Now you may look!", "Come with me, I want to show you something.")
    t.say(reveal)
    t.say(feeling)
    t.quote("friend", "Is this for me?", "This is wonderful!", "So that was the secret!", "I will never forget this day.")
    close(
        t,
        "{Hero} was {glad} because a good secret is best when it is shared.",
        "From that day on, they kept all their secrets together.",
    )


def mistake(t: Teller) -> None:
    """Something breaks or is spilt, is hidden or owned up to, and is put right."""
    deed, hide, owner_feels, repair = episodes.draw(t, episodes.MISTAKES)
    t.lead(deed, "worried")
    t.say(
        "For a moment it was very quiet.", "{Hero} held {his} breath.", "{His} heart beat fast.", "{He} did not know what to do."
    )
    if t.chance(0.6):
        t.say(hide)
        t.say(
            "But {he} could not stop thinking about it.",
            "All day {he} had a stone in {his} stomach.",
            "At dinner {he} could not eat because {he} felt so bad.",
        )
        t.quote("elder", "Is something wrong?", "You are very quiet today. What is the matter?", p=0.7)
    else:
        t.say("{He} could have hidden it, but {he} wanted to be honest.", "{He} wanted to run away, but {he} stayed.")
    aside(t, 0.25)
    t.say(
        "Then {hero} took a deep breath and told {elder} the truth.", "At last {he} went to {elder} and told {ehim} everything."
    )
    t.quote("hero", "I am sorry. I did it.", "It was my fault, and I am very sorry.", "I made a mistake.")
    t.say(owner_feels)
    t.quote(
        "elder",
        "Thank you for telling me.",
        "Everyone makes mistakes.",
        "It was brave to tell the truth.",
        "We can fix it together.",
    )
    t.say(repair)
    t.say(
        "{Hero} felt light again, like a feather.",
        "{Hero} was {glad} because {he} had told the truth.",
        "The stone in {his} stomach was gone.",
    )
    close(t, "After that, {he} was much more careful.", "The next time {he} made a mistake, {he} told {elder} at once.")


def sharing_food(t: Teller) -> None:
    """Somebody has something good to eat, somebody else has nothing."""
    t.bind(food="{treat}")
    t.lead("{hero} was going to eat {a:food} {at}", "hungry", pair=t.people["hero"].name != "")
    t.say(
        "{He} had waited for it all morning.",
        "It was still warm and smelled wonderful.",
        "It was the last one in the basket.",
        "{Elder} had made it for {him}.",
        p=0.8,
    )
    t.say(
        "Then {he} saw {friend}, who had nothing to eat.",
        "Just then {friend} came by, and {fhis} stomach made a loud sound.",
        "Next to {him} sat {friend}. {Fhe} looked at the {food} and said nothing.",
    )
    t.quote("hero", "Are you hungry?", "Have you had anything to eat?", "Did you bring any food?")
    t.quote(
        "friend",
        "I forgot my lunch at home.",
        "I have not eaten since this morning.",
        "A {wild} stole my lunch.",
        "My food fell into the water.",
    )
    t.say(
        "{Hero} looked at the {food}. It was not very big.",
        "{Hero} was hungry too, so {he} thought for a moment.",
        "{Hero} wanted to eat all of it.",
        p=0.7,
    )
    t.say(
        "But {he} broke the {food} in two and gave {friend} the bigger half.",
        "Then {he} cut the {food} into two equal pieces.",
        "Then {he} smiled and put half of the {food} into {friend}'s {s:hand}.",
    )
    t.quote("hero", "Here, this half is for you.", "Let us share it.", "Food tastes better when we eat together.")
    t.say("{Friend}'s eyes grew wide, and {fhe} took a big bite.", "{Friend} was so happy that {fhe} laughed.")
    aside(t, 0.35)
    t.say(
        "Together they ate every crumb and drank some {drink}.",
        "They sat in the sun and ate slowly.",
        "Soon there was nothing left but crumbs, and {a:bird} came and ate them.",
    )
    if t.chance(0.7):
        t.say(
            "The next day, {friend} came back with {number} ripe {s:fruit}.",
            "On {day}, {friend} brought a whole basket of {s:fruit}.",
            "A few days later, {hero} forgot {his} own lunch, and {friend} was there with {a:treat2}.",
        )
        t.quote("friend", "Today I will share with you.", "Now it is my turn!", "You helped me, so I want to help you.")
    close(
        t,
        "{Hero} was {glad} because half of the {food} and a friend were better than all of it.",
        "After that, they shared their lunch every day.",
    )


def birthday(t: Teller) -> None:
    """A birthday that seems forgotten, or goes wrong, and ends well."""
    episodes.name_object(t, toys=t.chance(0.6))
    t.bind(n="{number}")
    whose = t.chance(0.55)
    if whose:
        t.lead("{hero} woke up very early because it was {his} birthday", "excited", state=True)
        t.say(
            "{He} ran to the kitchen, but nobody was there.",
            "{He} looked for {elder}, but the house was empty.",
            "{He} listened, but everything was quiet.",
        )
        t.say(
            "There was no cake and there were no presents.",
            "Nobody said a word about the birthday.",
            "On the table there was only a cup of {drink}.",
        )
        t.quote("hero", "Did everyone forget my birthday?", "Maybe they all forgot.", "Where is everybody?")
        t.say("{He} was {upset} because {he} thought that nobody remembered.", "{He} sat down on the step and felt very small.")
        aside(t, 0.3)
        t.say(
            "Then {he} heard someone giggle {seat}.", "Suddenly the door opened.", "Then {friend} came and took {him} to {place}."
        )
        t.say(
            "All {his} friends were there, and they had {number2} balloons!",
            "Everyone jumped out and clapped their hands.",
            "{Friend}, {elder} and all the neighbours were waiting with a big cake.",
        )
        t.quote("friend", "Surprise!", "Happy birthday, {hname}!", "Did you think that we forgot you?")
        t.say("{Friend} gave {him} a present. It was {a:obj}.", "In a little box there was {a:obj}.")
        t.quote("hero", "This is just what I wanted!", "What a beautiful {thing}!", "Thank you, everyone!")
        t.say(
            "Everyone wanted to look at the {thing}.",
            "{He} showed the {thing} to everybody.",
            "{He} did not let go of the {thing} all day.",
            "{Friend} had made the {thing} {fhimself}.",
        )
        t.say(
            "They ate {s:fruit} and cake, sang and played {game} all day.",
            "They danced until the stars came out.",
            "There was cake with {s:fruit} for everyone.",
        )
        close(t, "That night, {he} fell asleep with the {thing} in {his} arms.", "It was the best birthday of {his} life.")
        return
    t.lead("{hero} wanted to give {friend} a birthday present", "worried", pair=True)
    t.say(
        "But {he} had no money and no idea.",
        "{He} had only {n} coins, and that was not enough.",
        "{He} looked in the shop, but everything cost too much.",
    )
    t.say("{Hero} was {upset} because the birthday was already tomorrow.", "{He} walked up and down and thought hard.")
    t.quote(
        "elder",
        "The best presents are made by hand.",
        "A present does not have to cost anything.",
        "What does {friend} love most?",
    )
    t.say(
        "So {hero} sat down and made {a:obj} all by {himself}.",
        "So {he} took some wood, some paint and some string, and made {a:obj}.",
    )
    t.say("It was not perfect, but it was made with love.", "One side was a little crooked.", "It took {him} the whole evening.")
    aside(t, 0.3)
    t.say(
        "The next day, there were many big presents at the party.",
        "At the party, {hero} hid {his} little present behind the others.",
    )
    t.say(
        "{Friend} opened them one by one. The last one was the {thing}.",
        "When {friend} opened {hero}'s present, everyone was quiet.",
    )
    t.quote("friend", "Did you make this for me?", "This is the best present of all!", "I love it!")
    t.say("{Fhe} hugged {hero} and played with the {thing} all day.", "{Fhe} held the {thing} up so that everyone could see it.")
    close(t, "{Hero} was so {glad} that {he} danced all the way home.", "{Friend} kept the {thing} for years.")


def visitor(t: Teller) -> None:
    """Someone unexpected comes to the door or the nest and stays."""
    who, problem, stay, parting = episodes.draw(t, episodes.VISITORS)
    t.bind(newcomer=who, visitor=who.split(" with ")[0].split()[-1])
    t.lead("{hero} heard a knock at the door", "lonely")
    t.say(
        "It was {weather_bad} outside, and {he} did not expect anyone.",
        "Who could it be?",
        "{He} had not had a visitor for a long time.",
    )
    t.say("{He} opened the door slowly. There stood {a:newcomer}.", "On the step stood {a:newcomer}, all alone.")
    t.quote("the {visitor}", "May I come in?", "I am cold. Can I stay for a while?", "I have lost my way.")
    t.say(problem)
    t.quote("hero", "Come in! You can sit by the fire.", "Of course! Are you hungry?", "You are welcome here.")
    t.say(
        "{Hero} gave the {visitor} a bowl of {soup} and a soft blanket.",
        "{Hero} brought {drink} and {a:treat}.",
        "{Hero} made a soft bed of cushions.",
    )
    t.say(stay)
    view(t, 0.3)
    t.some(
        1, "They told each other stories all evening.", "They played {game} and laughed until late.", "They sang {song} together."
    )
    t.say("{Hero} was not lonely any more because {he} had company.", "The house felt warm and full.", p=0.8)
    t.say(parting)
    t.quote("the {visitor}", "Thank you for everything.", "You were so kind to me.", "I will come back in {season}.", p=0.8)
    close(
        t, "After that, {hero} always kept a bowl of {soup2} ready, just in case.", "And every {season}, the {visitor} came back."
    )


PLOTS = (
    (lost_and_found, "any"),
    (helping_a_friend, "any"),
    (quarrel, "any"),
    (secret, "child"),
    (mistake, "child"),
    (sharing_food, "any"),
    (birthday, "child"),
    (visitor, "any"),
)
