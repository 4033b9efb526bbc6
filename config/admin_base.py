"""What our admin pages share: history that is only read, big tables, and search by number."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    BasePaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    BasePaginator = Paginator

#: Rows that a list counts and pages through; filters find what is beyond.
MOST_ROWS = 5_000


class BoundedPaginator(BasePaginator):
    """Counts no further than MOST_ROWS: count(*) over a log reads all of it."""

    @cached_property
    def count(self) -> int:
        """Rows to page through."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_ROWS].count()


class NumberSearch(ModelAdmin):
    """The search box takes a number, looked up exactly in `number_fields`.

    Other words are looked up in `search_fields`, where those name columns of text.
    """

    number_fields: tuple[str, ...] = ("pk",)
    show_full_result_count = False
    paginator = BoundedPaginator

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Some, or there would be no search box."""
        return self.search_fields or self.number_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows with this number, or what Django finds for words."""
        if search_term.isascii() and search_term.isdigit():
            number = int(search_term[:18])
            found = Q()
            for name in self.number_fields:
                found |= Q(**{name: number})
            if not self.search_fields:
                return queryset.filter(found), False
            by_words, may_repeat = super().get_search_results(request, queryset, search_term)
            return queryset.filter(found) | by_words, may_repeat
        if search_term and not self.search_fields:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)


class History(NumberSearch):
    """Rows that only the code writes: to be looked at, never added, changed or deleted."""

    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may set off actions, such as trying again."""
        return bool(request.user.is_active and request.user.is_superuser)


class HistoryInline(TabularInline):
    """The same beneath another row."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


class WordFilter(admin.SimpleListFilter):
    """A filter on a column of words that the code knows: DISTINCT over a log reads all of it."""

    words: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Each word as itself."""
        return [(word, word) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows with the chosen word."""
        word = self.value()
        return queryset.filter(**{str(self.parameter_name): word}) if word else queryset


def word_filter(column: str, words: Any) -> type[WordFilter]:
    """A WordFilter on `column`."""
    attributes = {"title": column, "parameter_name": column, "words": tuple(sorted(words))}
    return type(f"{column.title()}Filter", (WordFilter,), attributes)
