result = [{ word: louder(context.ship.name, context.end) }];
