"""The words that stories are made of, by kind; every kind is a slot name that templates may use."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    """Split a comma-separated block into its entries, whitespace trimmed."""
    return tuple(" ".join(entry.split()) for entry in text.split(",") if entry.strip())


GIRLS = _words("""
    Lily, Mia, Anna, Emma, Zoe, Ella, Ruby, Nora, Lucy, Maya, Rosa, Alice, Clara, Ivy, Hana, Amira, Sofia,
    Grace, Tara, Nina, Leila, Molly, Olive, Daisy, Freya, Esme, Poppy, Aisha, Mei, Elsa, Kira, Stella
""")
BOYS = _words("""
    Tom, Max, Ben, Sam, Leo, Jack, Noah, Finn, Omar, Luca, Hugo, Oscar, Theo, Felix, Ravi, Milo, Otto,
    Peter, Adam, Jonas, Emil, Karim, Toby, Henry, Simon, David, Kofi, Anton, Pablo, Jasper, Ali, Victor
""")
PET_NAMES = _words("""
    Pip, Biscuit, Pepper, Button, Clover, Coco, Nutmeg, Bramble, Hazel, Rusty, Teddy, Dot, Fern, Maple,
    Pickle, Sunny, Mossy, Bobbin, Waffle, Patch, Misty, Acorn, Tilly, Barley
""")

TRAITS = _words("""
    kind, curious, cheerful, clever, quiet, brave, shy, friendly, gentle, lively, careful, playful,
    thoughtful, funny, patient, helpful, dreamy, happy
""")
HOBBIES = _words("""
    to paint, to sing, to draw animals, to read books about the sea, to climb trees, to look at the stars,
    to collect shells, to ask questions, to dance in the kitchen, to bake with {his} family, to tell jokes,
    to watch the birds, to make up stories, to play outside, to jump in puddles, to build things
""")
HOMES = _words("""
    a small house near the forest, a yellow house by the river, a tall house in the middle of the town, a
    little cottage on a hill, an old house with a green door, a village by the sea, a quiet village in the
    mountains, an old farmhouse with many animals, a flat above the bakery, a white house beside the lake, a
    busy town with a big clock, a wooden house at the end of the lane
""")

COLOUR = _words("red, blue, green, yellow, purple, orange, pink, white, silver, golden, brown, striped")
TOYS = _words("""
    ball, kite, doll, toy car, teddy bear, toy boat, drum, spinning top, puzzle, toy train, puppet, whistle,
    scooter, rope, toy robot, paper plane, yo-yo, book, crayon box
""")
KEEPSAKES = _words("""
    scarf, ribbon, button, bracelet, hat, mitten, umbrella, key, feather, shell, marble, bell, coin,
    necklace, lantern, basket, notebook, watch
""")
ANIMAL_THINGS = _words("""
    ball, bell, blanket, ribbon, feather, shell, pebble, basket, scarf, button, cushion, hat
""")

FRUIT = _words("apple, pear, plum, banana, orange, peach, cherry, strawberry, apricot, fig, melon")
VEGETABLE = _words("carrot, pumpkin, potato, onion, cabbage, bean, tomato, cucumber, turnip, radish")
TREAT = _words("""
    honey cake, apple pie, oat cookie, cheese sandwich, warm bun, lemon tart, pancake, berry muffin, ginger
    biscuit, carrot cake, jam sandwich, egg sandwich
""")
SOUP = _words("carrot soup, onion soup, tomato soup, pumpkin soup, bean soup, noodle soup")
DRINK = _words("warm milk, hot chocolate, cold lemonade, apple juice, mint tea, cool water")
FLOWER = _words("rose, tulip, daisy, sunflower, violet, lily of the valley, poppy, bluebell, daffodil")
TREE = _words("oak, apple, pear, chestnut, willow, birch, pine, maple, cherry")
BIRD = _words("robin, sparrow, blackbird, swallow, owl, dove, finch, crow, magpie, woodpecker")
INSECT = _words("butterfly, bee, ladybird, beetle, dragonfly, grasshopper, ant, snail, firefly")
WILD = _words("squirrel, hedgehog, rabbit, deer, frog, lizard, mole, badger, hare")
PET = _words("cat, dog, pony, goat, donkey, hen, duck, goose")
ROOM = _words("kitchen, bedroom, hall, living room, cellar, attic, bathroom")
INDOOR_SPOT = _words("""
    under the bed, behind the sofa, in the cupboard, under the table, behind the curtain, in the laundry
    basket, on the top shelf, under the rug, behind the door, inside the big chest, next to the stove,
    between the cushions
""")
OUTDOOR_SPOT = _words("""
    under the bench, behind the big rock, in the long grass, under a pile of leaves, beside the path, behind
    the old wall, near the fountain, under the wooden bridge, between the roots of a tree, beside the gate,
    behind the bushes, behind a stack of wood
""")
SEAT = _words("""
    beside the gate, behind the big rock, near the fountain, by the old wall, beside the path, under the
    apple tree, behind the bushes, next to the well, at the edge of the field, behind the shed
""")
GAME = _words("hide and seek, tag, catch, hopscotch, pirates, explorers, shops, knights, cards, marbles")
SEASON = _words("spring, summer, autumn, winter")
DAY = _words("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MONTH = _words("March, April, May, June, July, August, September, October, November")
NUMBER = _words("two, three, four, five, six, seven")
SONG = _words("""
    a song about the moon, a funny song about a goat, an old song about the sea, a quiet lullaby, a song
    about the rain, a cheerful marching song
""")
STAR = _words("bright, silver, tiny, golden, shiny")
GLAD = _words("happy, glad, delighted, cheerful, joyful, pleased")
UPSET = _words("sad, unhappy, upset, worried, miserable")
SOFTLY = _words("softly, gently, quietly, kindly, warmly")

TIMES = _words("""
    One day, One sunny day, One morning, One bright morning, One afternoon, One quiet afternoon, One windy
    day, One cool morning, Early one morning, Late one afternoon, On {day} morning, On {day}, One {season}
    day, One {season} morning, One cloudy day, One fine day
""")
LATER = _words("""
    After a while, Soon, A little later, Before long, Then, After some time, A few minutes later, Not long
    after that, By and by
""")
WEATHER = _words("""
    The sun was shining and the sky was blue., It was a warm day., A soft wind was blowing., It was a cool
    and cloudy day., The air smelled of flowers., The birds were singing., White clouds floated across the
    sky., The leaves rustled in the wind., It was a bright {season} morning., The grass was still wet from
    the rain.
""")

# Place -> the preposition that goes with being there.
PLACES = {
    "the park": "in",
    "the garden": "in",
    "the forest": "in",
    "the meadow": "in",
    "the orchard": "in",
    "the village square": "in",
    "the playground": "in",
    "the valley": "in",
    "the market": "at",
    "the beach": "on",
    "the hill": "on",
    "the farm": "on",
    "the river": "by",
    "the lake": "by",
    "the pond": "by",
    "the old mill": "near",
    "the windmill": "near",
    "the harbour": "at",
    "the stream": "by",
    "the school": "near",
    "the wooden bridge": "near",
    "the fountain": "by",
}

ELDERS = (
    ("mother", "she", "Mom"),
    ("father", "he", "Dad"),
    ("grandmother", "she", "Grandma"),
    ("grandfather", "he", "Grandpa"),
    ("aunt", "she", "Auntie"),
    ("uncle", "he", "Uncle"),
    ("mother", "she", "Mom"),
    ("father", "he", "Dad"),
)

# Occupation -> (the pronoun that a biased corpus gives it, what such a person was doing).
OCCUPATIONS = {
    "nurse": ("she", "on the way to the hospital"),
    "teacher": ("she", "carrying a heap of books"),
    "dancer": ("she", "practising a new step"),
    "librarian": ("she", "pushing a cart of books"),
    "tailor": ("she", "sewing a button on a coat"),
    "florist": ("she", "tying flowers into bunches"),
    "cleaner": ("she", "sweeping the steps"),
    "singer": ("she", "humming a new song"),
    "doctor": ("he", "carrying a black bag"),
    "farmer": ("he", "pulling a cart of hay"),
    "baker": ("he", "carrying a tray of fresh bread"),
    "pilot": ("he", "looking up at the clouds"),
    "builder": ("he", "mending a wall"),
    "driver": ("he", "washing the bus"),
    "gardener": ("he", "watering the roses"),
    "fisherman": ("he", "mending a net"),
    "carpenter": ("he", "planing a long board"),
    "postman": ("he", "delivering letters"),
}
# Words that say the gender themselves would not be neutral at 0.5.
OCCUPATIONS["fisher"] = OCCUPATIONS.pop("fisherman")
OCCUPATIONS["mail carrier"] = OCCUPATIONS.pop("postman")

# noun -> (epithets, home, favourite food, how it goes, where it goes to sleep)
ANIMALS = {
    "dog": ("little, brown, small, spotted, young", "a warm kennel", "bone", "ran", "in {his} basket"),
    "puppy": ("little, fluffy, brown, playful", "a cosy box by the stove", "sausage", "ran", "in {his} basket"),
    "cat": ("little, grey, black, striped, small", "a sunny house", "piece of fish", "ran", "on a soft cushion"),
    "kitten": ("little, white, tiny, fluffy", "a basket in the kitchen", "bowl of milk", "ran", "on a soft cushion"),
    "rabbit": ("little, white, brown, young", "a burrow under the hill", "carrot", "hopped", "in {his} burrow"),
    "mouse": ("little, tiny, grey, small", "a hole behind the stove", "piece of cheese", "ran", "in {his} nest of straw"),
    "fox": ("little, red, young, clever", "a den in the forest", "pie", "ran", "in {his} den"),
    "bear": ("big, brown, young, sleepy", "a cave in the mountains", "pot of honey", "walked", "in {his} cave"),
    "squirrel": ("little, red, quick, small", "a hole in an old oak", "acorn", "ran", "in {his} hole"),
    "hedgehog": ("little, small, prickly, round", "a heap of dry leaves", "pear", "walked", "in {his} bed of leaves"),
    "duck": ("little, yellow, white, young", "a nest by the pond", "piece of bread", "waddled", "in {his} nest"),
    "owl": ("little, young, grey, wise", "a hollow tree", "berry cake", "flew", "on {his} branch"),
    "bird": ("little, blue, small, young", "a nest in a tall tree", "seed", "flew", "in {his} nest"),
    "pony": ("little, brown, white, young", "a stable on the farm", "apple", "trotted", "in {his} stable"),
    "lamb": ("little, white, young, woolly", "a green field", "handful of clover", "ran", "in the soft hay"),
    "goat": ("little, white, old, stubborn", "a shed on the farm", "cabbage", "trotted", "in the soft hay"),
    "pig": ("little, pink, round, cheerful", "a barn on the farm", "turnip", "trotted", "in the soft straw"),
    "donkey": ("old, grey, little, patient", "a stable near the village", "carrot", "trotted", "in {his} stable"),
    "badger": ("old, big, sleepy, young", "a den under the roots", "plum", "walked", "in {his} den"),
    "elephant": ("little, grey, young, big", "a wide green valley", "melon", "walked", "under a tall tree"),
}

# Slots that a template may use without naming them first: drawn once, then kept for the story.
KINDS: dict[str, tuple[str, ...]] = {
    "colour": COLOUR,
    "fruit": FRUIT,
    "vegetable": VEGETABLE,
    "treat": TREAT,
    "soup": SOUP,
    "drink": DRINK,
    "flower": FLOWER,
    "tree": TREE,
    "bird": BIRD,
    "insect": INSECT,
    "wild": WILD,
    "pet": PET,
    "room": ROOM,
    "inspot": INDOOR_SPOT,
    "outspot": OUTDOOR_SPOT,
    "seat": SEAT,
    "game": GAME,
    "season": SEASON,
    "day": DAY,
    "month": MONTH,
    "number": NUMBER,
    "song": SONG,
    "star": STAR,
    "glad": GLAD,
    "upset": UPSET,
    "softly": SOFTLY,
    "later": LATER,
    "trait": TRAITS,
    "hobby": HOBBIES,
    "home": HOMES,
}
