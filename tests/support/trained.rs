//! Every recipe at size S, trained once for a whole test program.

use std::sync::OnceLock;

use deadweight::models::recipes::{RECIPES, Recipe, Size, Trained};

/// Each recipe with what it trains; together they take a few seconds.
pub fn trained() -> &'static [(&'static Recipe, Trained)] {
    static TRAINED: OnceLock<Vec<(&'static Recipe, Trained)>> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let train = |recipe: &'static Recipe| (recipe, recipe.train(Size::S, &|_| ()).unwrap());
        RECIPES.iter().map(train).collect()
    })
}
